/* SPDX-License-Identifier: Apache-2.0 */
/* dynamic: any format, chosen while running: the reader's contract (docs/dev/add-a-format.md) through function pointers.
 *
 * The reading template compiled over it is one copy of cold code for all formats; r->dynamic says which. It is for what happens
 * after something has failed: a call for each token would cost a fifth to a third of the time otherwise. Guesses (pair_is, want_bool) are
 * never right here: the template then asks for the pair, or the token. */
#ifndef QUIRE_CORE_FORMAT_DYNAMIC_H
#define QUIRE_CORE_FORMAT_DYNAMIC_H

#include "core/base/reader.h"
#include "core/base/token.h"
#include "core/format/image.h"

/* Room for the iteration of whatever format; key_at is kept where the template finds it. */
enum { QR_DYNAMIC_ROOM = 15 };
typedef size_t QR_MAY_ALIAS qr_dynamic_word; /* what stands there is a format's own structure */
typedef struct qr_dynamic_iter {
    const uint8_t *key_at;
    qr_dynamic_word room[QR_DYNAMIC_ROOM];
} qr_dynamic_iter;
QR_INLINE void *qr_dynamic_room(qr_dynamic_iter *iter) { return iter->room; }

typedef struct qr_dynamic {
    qr_format format; /* of the key images */
    int BINARY, TEXT_KEYS, TEXT_NUMBERS; /* the format's traits */
    int is_text;      /* bytes, not values that stand by themselves */
#define F(result, name, parameters, arguments) result (*name) parameters;
#define I(result, name, parameters, arguments) result (*name) parameters;
#include "core/format/dynamic.def"
#undef F
#undef I
    void (*open)(qr_reader *r, const qr_token *token, qr_dynamic_iter *iter);
    int (*more_map)(qr_reader *r, qr_dynamic_iter *iter);
    int (*copy)(qr_reader *r, const qr_token *token, void *to, unsigned width, size_t room); /* NULL: text is an object already */
} qr_dynamic;

#define F(result, name, parameters, arguments) QR_INLINE result qr_dynamic_##name parameters { return r->dynamic->name arguments; }
#define I(result, name, parameters, arguments) QR_INLINE result qr_dynamic_##name parameters { return r->dynamic->name arguments; }
#define QR_INNER(iter) iter
#include "core/format/dynamic.def"
#undef QR_INNER
#undef F
#undef I
QR_INLINE void qr_dynamic_open(qr_reader *r, const qr_token *token, qr_dynamic_iter *iter) { r->dynamic->open(r, token, iter); }
QR_INLINE int qr_dynamic_more_map(qr_reader *r, qr_dynamic_iter *iter) { return r->dynamic->more_map(r, iter); }
QR_INLINE int qr_dynamic_copy(qr_reader *r, const qr_token *token, void *to, unsigned width, size_t room) { return r->dynamic->copy(r, token, to, width, room); }
QR_INLINE int qr_dynamic_want_bool(qr_reader *r, int *value) { (void)r, (void)value; return 0; }
QR_INLINE int qr_dynamic_pair_is(qr_reader *r, qr_dynamic_iter *iter, const qr_image *image) { (void)r, (void)iter, (void)image; return 0; }

/* The formats of the core. */
#define X(NAME, name) extern const qr_dynamic qr_##name##_dynamic;
#include "core/format/formats.def"
#undef X

#endif
