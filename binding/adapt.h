/* SPDX-License-Identifier: Apache-2.0 */
/* adapt: the two functions of an adapter (quire.Adapter), called for a node of the kind ADAPTER.
 *
 * The node's item is the type that the document holds (wire); the reader and the walker do that part as for any node. Both
 * functions are the user's: whatever is borrowed across them is held by who calls here. */
#ifndef QUIRE_BINDING_ADAPT_H
#define QUIRE_BINDING_ADAPT_H

#include "binding/plan/plan.h"
#include "binding/walk.h"
#include "core/base/reader.h"

/* What `decode` makes of the wire value (its reference taken): a new reference, or NULL with an exception. `context` is what the
 * caller of quire's decode gave, or NULL. */
PyObject *qpy_adapt_decode(const qpy_plan *plan, uint32_t node, PyObject *wire, PyObject *context);

/* Is the object one that the adapter writes? By its class; an adapter of what is no class takes anything. Runs no user code. */
int qpy_adapt_takes(const qpy_plan *plan, uint32_t node, PyObject *object);

/* What `encode` makes of the object: a new reference, or NULL (an exception is set, or the walker failed). The object is held. */
PyObject *qpy_adapt_encode(qpy_walker *w, const qpy_plan *plan, uint32_t node, PyObject *object);

/* Is a key of that node written through adapters? */
#define QPY_ADAPTS_KEY(plan, node) ((plan)->nodes[node].encode != NULL || ((plan)->nodes[node].adapts & QPY_ADAPTS_ALWAYS))

/* A key of a class that has an adapter, as what is written in its place: a new reference, or NULL (failed). */
PyObject *qpy_adapt_key(qpy_walker *w, const qpy_plan *plan, uint32_t node, PyObject *key);

#endif
