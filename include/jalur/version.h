/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One version for module, daemon and tool: they are released together. */
#ifndef JALUR_VERSION_H
#define JALUR_VERSION_H

#define JALUR_VERSION "0.1.0"

#endif
