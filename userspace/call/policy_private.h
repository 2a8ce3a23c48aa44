/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Of the files that make up the policy.
 */
#ifndef CALL_POLICY_PRIVATE_H
#define CALL_POLICY_PRIVATE_H

#include "call/policy.h"

void call_domain_free(struct call_domain *domain);	/* what is in it */

#endif
