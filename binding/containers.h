/* SPDX-License-Identifier: Apache-2.0 */
/* containers: classes of collections beside the plain list, tuple, set, frozenset and dict.
 *
 * A deque, an OrderedDict, a defaultdict or a Counter is made by calling its class with the finished list or dict
 * (Container in a description). An abstract collection is read as a plain one and takes instances of further classes. */
#ifndef QUIRE_BINDING_CONTAINERS_H
#define QUIRE_BINDING_CONTAINERS_H

#include "binding/plan/plan.h"

/* Is it a deque? A class that nobody imported has no instances, so this imports nothing. */
int qpy_containers_is_deque(qpy_state *state, PyObject *object);

/* Is the object an instance of the class that the array or map node makes, or of another that it takes? */
int qpy_containers_holds(const qpy_node_side *side, PyObject *object);

/* Has a deque the maxlen that its type declares? Anything else has. 1, 0, or -1 with an exception. */
int qpy_containers_fits(qpy_state *state, const qpy_node_side *side, PyObject *object);

/* cls(list) or cls(list, extra); of a map cls(dict) or cls(extra, dict): a new reference, or NULL with an exception. */
PyObject *qpy_containers_make(const qpy_node_side *side, PyObject *plain, int is_map);

/* What a defaultdict that was read from another keeps of it: its factory. 1, or 0 with an exception. */
int qpy_containers_take_factory(PyObject *made, PyObject *source);

#endif
