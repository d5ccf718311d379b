/* SPDX-License-Identifier: Apache-2.0 */
/* members: the codes of PyMemberDef under one name for all versions (structmember.h before 3.12). */
#ifndef QUIRE_BINDING_MEMBERS_H
#define QUIRE_BINDING_MEMBERS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#if PY_VERSION_HEX >= 0x030C0000
#define QPY_MEMBER_OBJECT Py_T_OBJECT_EX
#define QPY_MEMBER_BOOL Py_T_BOOL
#define QPY_MEMBER_READONLY Py_READONLY
#else
#include <structmember.h>
#define QPY_MEMBER_OBJECT T_OBJECT_EX
#define QPY_MEMBER_BOOL T_BOOL
#define QPY_MEMBER_READONLY READONLY
#endif

#endif
