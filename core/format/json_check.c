/* SPDX-License-Identifier: Apache-2.0 */
/* json x check: validation of a document against a plan. */
#include "core/format/check.h"
#include "core/format/json.h"
#include "core/plan/check_sink.h"

QR_CHECK_TEXT(json)
#define qr_check_str qr_check_str_json
#define qr_check_key qr_check_key_json

#define QR_T(name) check_##name
#define QR_F(name) qr_json_##name
#define QR_S(name) qr_check_##name
#define QR_TRAIT(name) QR_JSON_##name
#define QR_FORMAT QR_FORMAT_JSON
#define QR_ITER qr_json_iter
#define QR_SINK qr_check_sink
#define QR_VALUE int
#define QR_FRAME qr_check_frame
#include "core/plan/read.tmpl.h"

int qr_json_check(qr_reader *r, const qr_plan *plan)
{
    qr_check_sink sink;
    if (r->error != QR_ERROR_NONE)
        return 0;
    return (plan ? check_read_node(r, &sink, plan, 0) : check_read_any(r, &sink)) && qr_json_finish(r);
}
