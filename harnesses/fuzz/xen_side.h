/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The backend half of one of Xen's devices, which does what a script says.
 */
#pragma once

#include <kernel/fake_xen.h>

enum xen_side_kind { XEN_SIDE_NET, XEN_SIDE_BLOCK };

/* Once, before the snapshot: xenstore, with the usual keys in it. -ENOMEM. */
int xen_side_setup(struct fake_xen *fake, enum xen_side_kind kind);
/*
 * Changes them, and how xenstore is, as the beginning of the script says, and has the drivers look. -ENODEV: none took
 * the device; it is to be detached in any case.
 */
int xen_side_attach(struct fake_xen *fake, struct script *script);
/* What the script says next: an answer, honest or not, an index, an event, a state. */
void xen_side_step(struct fake_xen *fake, struct script *script);
/* Answers the next request as should be. */
void xen_side_answer(struct fake_xen *fake, struct script *script);
void xen_side_detach(struct fake_xen *fake);
