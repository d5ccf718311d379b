# SPDX-License-Identifier: Apache-2.0
"""Unions: what the reader decides (core/plan/read_union.tmpl.h), said by keywords.

A tag that is known decides, wherever it stands. Without one it is the first class whose required keys are all there, so each of
the later ones excludes the earlier. What is written needs no such order.
"""

from __future__ import annotations

from quire.json._schema._objects import required_names

__all__ = ["any_of", "union_of"]


def any_of(schemas):
    """The shortest that says anyOf: types alone become a list, what is there twice goes."""
    flat = []
    for schema in schemas:
        for one in schema["anyOf"] if set(schema) == {"anyOf"} else (schema,):
            if one not in flat:
                flat.append(one)
    if {} in flat:
        return {}
    plain = [schema for schema in flat if set(schema) == {"type"}]
    if len(plain) > 1:
        types = [one for schema in plain for one in (schema["type"] if isinstance(schema["type"], list) else [schema["type"]])]
        place = flat.index(plain[0])
        flat = [schema for schema in flat if schema not in plain]
        flat.insert(place, {"type": list(dict.fromkeys(types))})
    flat = _joined(flat)
    return flat[0] if len(flat) == 1 else {"anyOf": flat}


def _joined(schemas):
    """All lists of values as one."""
    lists = [
        schema for schema in schemas if schema.keys() <= {"type", "enum", "const"} and ("enum" in schema or "const" in schema)
    ]
    if len(lists) < 2:
        return schemas
    values = [value for schema in lists for value in schema.get("enum", [schema.get("const")])]
    place = schemas.index(lists[0])
    left = [schema for schema in schemas if schema not in lists]
    return [*left[:place], {"enum": values}, *left[place:]]


def union_of(builder, node):
    info = node.info
    objects = {arm for _, arm in (*info.tags, *info.keys)} | {info.map, info.map_default}
    has_default = info.map_default >= 0  # each union has a dict or an Unknown of its own
    others = [arm for arm in node.items if arm not in objects and not (has_default and _kind(builder, arm) == "map")]
    parts = [builder.of(arm, in_union=True) for arm in others]
    mapped = _objects(builder, info)
    return any_of([*parts, mapped]) if mapped else any_of(parts)


def _kind(builder, arm):
    return builder.graph.entries[builder.graph.resolve(arm)[0]].kind


def _objects(builder, info):
    if info.map >= 0:
        return builder.of(info.map)
    if not info.tags and not info.keys:
        return None
    info = info._replace(tags=tuple(sorted(info.tags, key=lambda pair: (str(type(pair[0])), pair[0]))))
    tagged = [_tagged(builder, info, arm) for arm in dict.fromkeys(arm for _, arm in info.tags)]
    keyed = _keyed(builder, info)
    others = [] if info.map_default < 0 else [_other(builder, info)]
    arms = tagged + keyed + others
    if len(arms) == 1:
        return arms[0]
    if not builder.decode and (keyed or others):
        return any_of(arms)
    return {"oneOf": arms, **(_discriminator(info, tagged) if not keyed and not others else {})}


def _discriminator(info, arms):
    """OpenAPI's hint, where every arm is a reference and every tag a text."""
    order = list(dict.fromkeys(arm for _, arm in info.tags))
    if not all(type(tag) is str for tag, _ in info.tags) or not all("$ref" in arm for arm in arms):
        return {}
    mapping = {tag: arms[order.index(arm)]["$ref"] for tag, arm in info.tags}
    return {"discriminator": {"propertyName": info.tag_field, "mapping": mapping}}


def _tagged(builder, info, arm):
    schema = builder.of(arm)
    return _and(schema, {"required": [info.tag_field]}) if builder.decode else schema


def _keyed(builder, info):
    made, earlier = [], []
    for _, arm in info.keys:
        schema = builder.of(arm)
        if builder.decode:
            names = _names(builder, arm)
            excluded = earlier if not info.tags else [*_told_by_tag(builder, info), *earlier]
            schema = _and(schema, _not(excluded))
            earlier = [*earlier, _has(names)]
        made.append(schema)
    return made


def _other(builder, info):
    """The dict that takes what is none of the classes."""
    schema = builder.of(info.map_default)
    if not builder.decode:
        return schema
    keys = [_has(_names(builder, arm)) for _, arm in info.keys]
    if not info.tags:
        return _and(schema, _not(keys))
    if keys and not _tag_is_key(builder, info):  # with a tag that is unknown the keys are not looked at
        keys = [{"allOf": [{"not": {"required": [info.tag_field]}}, key]} for key in keys]
    return _and(schema, _not([_known_tag(info), *keys]))


def _told_by_tag(builder, info):
    return [_known_tag(info) if _tag_is_key(builder, info) else {"required": [info.tag_field]}]


def _known_tag(info):
    return {"properties": {info.tag_field: {"enum": [tag for tag, _ in info.tags]}}, "required": [info.tag_field]}


def _tag_is_key(builder, info):
    """Has one of the classes that are told by their keys a field of the tag's name?"""
    records = [_record(builder, arm) for _, arm in info.keys]
    return any(info.tag_field in (field.wire, *field.aliases) for record in records for field in record.fields)


def _record(builder, arm):
    """The RecordInfo behind an arm, which may be an adapter of one."""
    while True:
        base, _ = builder.graph.resolve(arm)
        node = builder.graph.entries[base]
        if node.kind == "record":
            return node.info
        arm = node.items[0]


def _names(builder, arm):
    return required_names(_record(builder, arm))


def _has(names):
    """Is each of them there, by one of its names?"""
    single = [each[0] for each in names if len(each) == 1]
    several = [{"anyOf": [{"required": [name]} for name in each]} for each in names if len(each) > 1]
    if not several:
        return {"required": single}
    return {"allOf": [*([{"required": single}] if single else []), *several]}


def _not(excluded):
    if not excluded:
        return {}
    return {"not": excluded[0] if len(excluded) == 1 else {"anyOf": excluded}}


def _and(schema, more):
    if schema.keys() & more.keys():
        return {"allOf": [schema, more]}
    return {**schema, **more}
