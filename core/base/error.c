/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/error.h"

static const struct {
    const char *code, *message;
    qr_error_class class_;
} errors[] = {
#define X(name, class_, code, message) {code, message, QR_CLASS_##class_},
#include "core/base/errors.def"
#undef X
};

static unsigned checked(qr_error error) { return (unsigned)error < QR_ERROR_COUNT ? (unsigned)error : QR_ERROR_INVALID_VALUE; }

const char *qr_error_code(qr_error error) { return errors[checked(error)].code; }
const char *qr_error_message(qr_error error) { return errors[checked(error)].message; }
qr_error_class qr_error_class_of(qr_error error) { return errors[checked(error)].class_; }
