/* SPDX-License-Identifier: Apache-2.0 */
/* dynamic: the table of one format. A C template, included once for each after QR_F(name), QR_ITER and QR_D(name), how the table's
 * own functions are called, are set. */

_Static_assert(sizeof(QR_ITER) <= sizeof(size_t[QR_DYNAMIC_ROOM]), "the iteration of a format does not fit into qr_dynamic_iter");

#define QR_INNER(iter) ((QR_ITER *)qr_dynamic_room(iter))
#define F(result, name, parameters, arguments) static result QR_D(name) parameters { return QR_F(name) arguments; }
#define I(result, name, parameters, arguments) static result QR_D(name) parameters { return QR_F(name) arguments; }
#include "core/format/dynamic.def"
#undef F
#undef I
static void QR_D(open)(qr_reader *r, const qr_token *token, qr_dynamic_iter *iter) { QR_F(open)(r, token, QR_INNER(iter)); }
static int QR_D(more_map)(qr_reader *r, qr_dynamic_iter *iter)
{
    int more = QR_F(more_map)(r, QR_INNER(iter));
    iter->key_at = QR_INNER(iter)->key_at;
    return more;
}
#undef QR_INNER

/* The members of the table that are functions. */
#define QR_DYNAMIC_FUNCTIONS                                                                                                  \
    .at = QR_D(at), .next = QR_D(next), .want_null = QR_D(want_null), .want_str = QR_D(want_str), .want_number = QR_D(want_number), \
    .finish = QR_D(finish), .check_text = QR_D(check_text), .copy_utf8 = QR_D(copy_utf8), .want_array = QR_D(want_array), .want_map = QR_D(want_map),  \
    .more_array = QR_D(more_array), .key_is = QR_D(key_is), .key = QR_D(key), .key_any = QR_D(key_any), .open = QR_D(open), .more_map = QR_D(more_map)
