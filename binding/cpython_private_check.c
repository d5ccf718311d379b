/* SPDX-License-Identifier: Apache-2.0 */
/* cpython_private_check: the layouts of cpython_private.h, compared with the interpreter's own headers. It makes no code: a
 * layout that differs stops the build, and -Dprivate_layouts=false builds without them. */
#include "binding/cpython_private.h"

#include <stddef.h>

#if QPY_PRIVATE && __has_include("internal/pycore_dict.h")

#define Py_BUILD_CORE 1
#undef _PyGC_FINALIZED /* 3.12: an internal function of that name follows */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#include "internal/pycore_dict.h"
#include "internal/pycore_gc.h"
#pragma GCC diagnostic pop

#define SAME(ours, our_member, theirs, their_member)                                                                            \
    _Static_assert(offsetof(ours, our_member) == offsetof(theirs, their_member) &&                                             \
                       sizeof(((ours *)0)->our_member) == sizeof(((theirs *)0)->their_member),                                 \
                   #theirs "." #their_member " is not where quire expects it")

SAME(qpy_dict_keys, refcnt, PyDictKeysObject, dk_refcnt);
SAME(qpy_dict_keys, log2_size, PyDictKeysObject, dk_log2_size);
SAME(qpy_dict_keys, log2_index_bytes, PyDictKeysObject, dk_log2_index_bytes);
SAME(qpy_dict_keys, kind, PyDictKeysObject, dk_kind);
SAME(qpy_dict_keys, version, PyDictKeysObject, dk_version);
SAME(qpy_dict_keys, usable, PyDictKeysObject, dk_usable);
SAME(qpy_dict_keys, nentries, PyDictKeysObject, dk_nentries);
_Static_assert(offsetof(qpy_dict_keys, indices) == offsetof(PyDictKeysObject, dk_indices), "PyDictKeysObject.dk_indices is not where quire expects it");
_Static_assert((int)QPY_KEYS_GENERAL == (int)DICT_KEYS_GENERAL && (int)QPY_KEYS_UNICODE == (int)DICT_KEYS_UNICODE && (int)QPY_KEYS_SPLIT == (int)DICT_KEYS_SPLIT,
               "the kinds of key tables are not those that quire expects");

SAME(qpy_general_entry, hash, PyDictKeyEntry, me_hash);
SAME(qpy_general_entry, key, PyDictKeyEntry, me_key);
SAME(qpy_general_entry, value, PyDictKeyEntry, me_value);
SAME(qpy_unicode_entry, key, PyDictUnicodeEntry, me_key);
SAME(qpy_unicode_entry, value, PyDictUnicodeEntry, me_value);
_Static_assert(sizeof(qpy_gc_head) == sizeof(PyGC_Head) && offsetof(PyGC_Head, _gc_next) == 0, "PyGC_Head is not what quire expects");
_Static_assert(offsetof(PyBytesObject, ob_sval) == sizeof(qpy_bytes_head), "the bytes of a bytes object are not where quire expects them");
_Static_assert(sizeof(qpy_general_entry) == sizeof(PyDictKeyEntry) && sizeof(qpy_unicode_entry) == sizeof(PyDictUnicodeEntry),
               "a dict's entries are not as large as quire expects");

#if PY_VERSION_HEX >= 0x030D0000
SAME(qpy_dict_values, capacity, PyDictValues, capacity);
SAME(qpy_dict_values, size, PyDictValues, size);
SAME(qpy_dict_values, embedded, PyDictValues, embedded);
SAME(qpy_dict_values, valid, PyDictValues, valid);
_Static_assert(offsetof(qpy_dict_values, values) == offsetof(PyDictValues, values), "PyDictValues.values is not where quire expects it");
#else
_Static_assert(offsetof(PyDictValues, values) == 0, "PyDictValues.values is not where quire expects it");
#endif

#endif
