# SPDX-License-Identifier: Apache-2.0
"""The types of the typed documents, each written once and made into every library's own kind of class.

A model is a table of classes, each a table of fields. A field's type is an atom (int, str, float, bool), the name
of another class, or List, Map, Tuple, Maybe of one; a name that ends in `?` may be absent and is then None.
Kinds: quire (a Record), struct (msgspec), dataclass, attrs, pydantic.
"""

from __future__ import annotations

import dataclasses
import importlib
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class List:
    item: Any


@dataclass(frozen=True)
class Map:
    item: Any


@dataclass(frozen=True)
class Maybe:
    item: Any


class Tuple:
    def __init__(self, *items):
        self.items = items


class Model:
    """One document's types. `classes` in an order in which each names only those before it."""

    def __init__(self, root, classes: dict[str, dict[str, Any]]):
        self.node = root
        self.classes = {
            name: [(field.rstrip("?"), node, field.endswith("?")) for field, node in required_first(fields)]
            for name, fields in classes.items()
        }
        self.made: dict[str, dict[str, type]] = {}

    def kind(self, kind: str) -> dict[str, type]:
        """The classes of one kind, by name; made on first use."""
        if kind not in self.made:
            made: dict[str, type] = {}
            for name, fields in self.classes.items():
                made[name] = MAKERS[kind](name, [(f, annotation(node, made), absent) for f, node, absent in fields])
            self.made[kind] = made
        return self.made[kind]

    def root(self, kind: str):
        """The document's type, as an annotation."""
        return annotation(self.node, self.kind(kind))

    def builder(self, kind: str) -> Callable[[Any], Any]:
        """A function from plain dicts and lists to objects of this kind, as one would write it by hand."""
        space: dict[str, Any] = dict(self.kind(kind))
        lines = []
        for name, fields in self.classes.items():
            values = []
            for field, node, absent in fields:
                source = f"d.get({field!r})" if absent else f"d[{field!r}]"
                value = expression(node, source)
                values.append(f"{field}={value}" if kind == "pydantic" else value)
            lines.append(f"def make_{name}(d):\n    return {name}({', '.join(values)})")
        lines.append(f"def build(d):\n    return {expression(self.node, 'd')}")
        exec("\n".join(lines), space)
        return space["build"]

    def plain(self, value: Any, node: Any = None) -> Any:
        """Objects of any kind, or plain data, as the plain data an exact encoder would write: absent is None."""
        node = self.node if node is None else node
        if value is None or node in (int, str, bool):
            return value
        if node is float:
            return float(value) if type(value) is int else value
        if isinstance(node, Maybe):
            return self.plain(value, node.item)
        if isinstance(node, List):
            return [self.plain(item, node.item) for item in value]
        if isinstance(node, Map):
            return {key: self.plain(item, node.item) for key, item in value.items()}
        if isinstance(node, Tuple):
            return [self.plain(item, one) for item, one in zip(value, node.items, strict=True)]
        take = value.get if isinstance(value, dict) else lambda field: getattr(value, field)
        return {field: self.plain(take(field), inner) for field, inner, _ in self.classes[node]}


def required_first(fields: dict[str, Any]):
    return sorted(fields.items(), key=lambda item: item[0].endswith("?"))


def annotation(node, made: dict[str, type]):
    if isinstance(node, str):
        return made[node]
    if isinstance(node, List):
        return list[annotation(node.item, made)]
    if isinstance(node, Map):
        return dict[str, annotation(node.item, made)]
    if isinstance(node, Tuple):
        return tuple[tuple(annotation(item, made) for item in node.items)]
    if isinstance(node, Maybe):
        return annotation(node.item, made) | None
    return node


def expression(node, source: str, depth: int = 0) -> str:
    """Python source that turns the plain value `source` into the node's type."""
    variable = f"v{depth}"
    if isinstance(node, str):
        return f"make_{node}({source})"
    if isinstance(node, List):
        inner = expression(node.item, variable, depth + 1)
        return source if inner == variable else f"[{inner} for {variable} in {source}]"
    if isinstance(node, Map):
        inner = expression(node.item, variable, depth + 1)
        return source if inner == variable else f"{{k{depth}: {inner} for k{depth}, {variable} in {source}.items()}}"
    if isinstance(node, Tuple):
        if all(item is float for item in node.items):
            return f"tuple(map(float, {source}))"
        return "(" + ", ".join(expression(item, f"{source}[{i}]", depth) for i, item in enumerate(node.items)) + ")"
    if isinstance(node, Maybe):
        inner = expression(node.item, variable, depth + 1)
        return source if inner == variable else f"(None if ({variable} := {source}) is None else {inner})"
    if node is float:
        return f"float({source})"
    return source


def make_dataclass(name, fields):
    return dataclasses.make_dataclass(
        name, [(f, note, dataclasses.field(default=None)) if absent else (f, note) for f, note, absent in fields]
    )


def make_struct(name, fields):
    defstruct = importlib.import_module("msgspec").defstruct
    return defstruct(name, [(f, note | None, None) if absent else (f, note) for f, note, absent in fields])


def make_quire(name, fields):
    quire = importlib.import_module("quire")
    body = {"__annotations__": {f: note for f, note, _ in fields}, "__module__": __name__}
    body.update({f: None for f, _, absent in fields if absent})
    return types.new_class(name, (quire.Record,), {}, lambda space: space.update(body))


def make_attrs(name, fields):
    attr = importlib.import_module("attr")
    made = {f: attr.ib(type=note, default=None) if absent else attr.ib(type=note) for f, note, absent in fields}
    return attr.make_class(name, made, slots=True)


def make_pydantic(name, fields):
    create_model = importlib.import_module("pydantic").create_model
    return create_model(name, **{f: (note, None) if absent else (note, ...) for f, note, absent in fields})


MAKERS = {
    "dataclass": make_dataclass,
    "struct": make_struct,
    "quire": make_quire,
    "attrs": make_attrs,
    "pydantic": make_pydantic,
}


def strings(names: str) -> dict[str, Any]:
    return {name: str for name in names.split()}


def optional_strings(names: str) -> dict[str, Any]:
    return {name: Maybe(str) for name in names.split()}


# -- the judged documents -----------------------------------------------------------------------------------------

USER = {
    "Address": {"street": str, "city": str, "zip": str, "country": str},
    "User": {
        "id": int,
        "name": str,
        "email": str,
        "joined": str,
        "age": int,
        "score": float,
        "active": bool,
        "tags": List(str),
        "address": "Address",
        "manager": Maybe(int),
    },
}

CITY = {
    "City": {
        "geonameid": int,
        "name": str,
        "latitude": float,
        "longitude": float,
        "countrycode": str,
        "population": int,
        "timezone": str,
        "admin1code": str,
        "alternatenames": List(str),
    }
}

MODELS: dict[str, Model] = {
    "message": Model("User", USER),
    "directory": Model(List("User"), USER),
    "rows": Model(List("Row"), {"Row": {"id": int, "name": str, "value": float, "active": bool, "group": int}}),
    "cities": Model(Map("City"), CITY),
    "city-lines": Model("City", CITY),
    "countries": Model(
        Map("Country"),
        {
            "Country": {
                "geonameid": int,
                **strings("name iso iso3"),
                "isonumeric": int,
                **strings("fips continentcode capital"),
                "areakm2": int,
                "population": int,
                **strings("tld currencycode currencyname phone postalcoderegex languages neighbours"),
            }
        },
    ),
    "cars": Model(
        List("Car"),
        {
            "Car": {
                "Name": str,
                "Miles_per_Gallon": Maybe(float),
                "Cylinders": int,
                "Displacement": float,
                "Horsepower": Maybe(int),
                "Weight_in_lbs": int,
                "Acceleration": float,
                "Year": str,
                "Origin": str,
            }
        },
    ),
    "regions": Model(
        "Regions",
        {
            "Region": {"code": str, "name": str, "type": str, "parent?": Maybe(str)},
            "Regions": {"regions": List("Region")},
        },
    ),
    "contours": Model(
        "Collection",
        {
            "Geometry": {"type": str, "coordinates": List(List(Tuple(float, float)))},
            "Feature": {"type": str, "properties": Map(str), "geometry": "Geometry"},
            "Collection": {"type": str, "features": List("Feature")},
        },
    ),
    "samples": Model("Samples", {"Samples": {"name": str, "rate": int, "channels": List(List(float))}}),
    "articles": Model(
        List("Article"),
        {"Article": {"id": int, "language": str, "title": str, "paragraphs": List(str), "keywords": List(str)}},
    ),
}

# -- documents that --data may bring ------------------------------------------------------------------------------

URL = {"url": str, "expanded_url": str, "display_url": str, "indices": List(int)}

TWEET = {
    "metadata": "Metadata",
    "created_at": str,
    "id": int,
    **strings("id_str text source"),
    "truncated": bool,
    "in_reply_to_status_id": Maybe(int),
    "in_reply_to_status_id_str": Maybe(str),
    "in_reply_to_user_id": Maybe(int),
    "in_reply_to_user_id_str": Maybe(str),
    "in_reply_to_screen_name": Maybe(str),
    "user": "Account",
    **optional_strings("geo coordinates place contributors"),
    "retweet_count": int,
    "favorite_count": int,
    "entities": "Entities",
    "favorited": bool,
    "retweeted": bool,
    "lang": str,
    "possibly_sensitive?": Maybe(bool),
}

MODELS["twitter"] = Model(
    "Timeline",
    {
        "Metadata": strings("result_type iso_language_code"),
        "Url": URL,
        "Hashtag": {"text": str, "indices": List(int)},
        "Mention": {"screen_name": str, "name": str, "id": int, "id_str": str, "indices": List(int)},
        "Size": {"w": int, "h": int, "resize": str},
        "Sizes": {"medium": "Size", "small": "Size", "thumb": "Size", "large": "Size"},
        "Media": {
            "id": int,
            "id_str": str,
            "indices": List(int),
            **strings("media_url media_url_https url display_url expanded_url type"),
            "sizes": "Sizes",
            "source_status_id?": Maybe(int),
            "source_status_id_str?": Maybe(str),
        },
        "Entities": {
            "hashtags": List("Hashtag"),
            "symbols": List(str),
            "urls": List("Url"),
            "user_mentions": List("Mention"),
            "media?": Maybe(List("Media")),
        },
        "Urls": {"urls": List("Url")},
        "Bounded": {"indices": List(int)},
        "LooseUrl": {"url": str, "expanded_url": Maybe(str), "display_url?": Maybe(str), "indices": List(int)},
        "LooseUrls": {"urls": List("LooseUrl")},
        "AccountEntities": {"description": "LooseUrls", "url?": Maybe("LooseUrls")},
        "Account": {
            "id": int,
            **strings("id_str name screen_name location description"),
            "url": Maybe(str),
            "entities": "AccountEntities",
            "protected": bool,
            "followers_count": int,
            "friends_count": int,
            "listed_count": int,
            "created_at": str,
            "favourites_count": int,
            "utc_offset": Maybe(int),
            "time_zone": Maybe(str),
            "geo_enabled": bool,
            "verified": bool,
            "statuses_count": int,
            "lang": str,
            "contributors_enabled": bool,
            "is_translator": bool,
            "is_translation_enabled": bool,
            **strings("profile_background_color profile_background_image_url profile_background_image_url_https"),
            "profile_background_tile": bool,
            **strings("profile_image_url profile_image_url_https profile_link_color profile_sidebar_border_color"),
            **strings("profile_sidebar_fill_color profile_text_color"),
            "profile_use_background_image": bool,
            "default_profile": bool,
            "default_profile_image": bool,
            "following": bool,
            "follow_request_sent": bool,
            "notifications": bool,
            "profile_banner_url?": Maybe(str),
        },
        "Retweeted": TWEET,
        "Tweet": {**TWEET, "retweeted_status?": Maybe("Retweeted")},
        "SearchMetadata": {
            "completed_in": float,
            "max_id": int,
            **strings("max_id_str next_results query refresh_url"),
            "count": int,
            "since_id": int,
            "since_id_str": str,
        },
        "Timeline": {"statuses": List("Tweet"), "search_metadata": "SearchMetadata"},
    },
)

MODELS["github_events"] = Model(
    List("Event"),
    {
        "Actor": {**strings("gravatar_id login avatar_url url"), "id": int},
        "Repo": {"url": str, "id": int, "name": str},
        "Author": {"email": str, "name": str},
        "Commit": {"url": str, "message": str, "distinct": bool, "sha": str, "author": "Author"},
        "Account": {
            **strings("url gists_url gravatar_id type avatar_url subscriptions_url organizations_url"),
            **strings("received_events_url repos_url login starred_url events_url followers_url following_url"),
            "id": int,
        },
        "PullRequest": optional_strings("html_url patch_url diff_url"),
        "Fork": {
            **strings("description url language stargazers_url clone_url tags_url full_name merges_url git_refs_url"),
            **strings("archive_url collaborators_url languages_url trees_url labels_url html_url pushed_at created_at"),
            **strings("forks_url branches_url commits_url notifications_url contents_url blobs_url issues_url"),
            **strings("compare_url issue_events_url name updated_at statuses_url assignees_url ssh_url"),
            **strings("subscribers_url git_commits_url downloads_url pulls_url issue_comment_url hooks_url"),
            **strings("subscription_url milestones_url svn_url events_url git_tags_url teams_url comments_url"),
            **strings("keys_url git_url contributors_url"),
            **{name: bool for name in "fork private has_issues public has_wiki has_downloads".split()},
            **{name: int for name in "forks open_issues forks_count watchers_count id open_issues_count size watchers".split()},
            **optional_strings("mirror_url homepage"),
            "owner": "Account",
        },
        "Issue": {
            "user": "Account",
            "url": str,
            "labels": List(str),
            **strings("html_url labels_url"),
            "pull_request": "PullRequest",
            "created_at": str,
            **optional_strings("closed_at milestone"),
            **strings("title body updated_at state events_url comments_url"),
            "number": int,
            "assignee": Maybe("Account"),
            "id": int,
            "comments": int,
        },
        "Comment": {"user": "Account", **strings("url issue_url created_at body updated_at"), "id": int},
        "Page": {**strings("page_name html_url title sha action"), "summary": Maybe(str)},
        "Payload": {
            "commits?": Maybe(List("Commit")),
            "distinct_size?": Maybe(int),
            "ref?": Maybe(str),
            "push_id?": Maybe(int),
            "head?": Maybe(str),
            "before?": Maybe(str),
            "size?": Maybe(int),
            "description?": Maybe(str),
            "master_branch?": Maybe(str),
            "ref_type?": Maybe(str),
            "forkee?": Maybe("Fork"),
            "action?": Maybe(str),
            "issue?": Maybe("Issue"),
            "comment?": Maybe("Comment"),
            "pages?": Maybe(List("Page")),
        },
        "Event": {
            "type": str,
            "created_at": str,
            "actor": "Actor",
            "repo": "Repo",
            "public": bool,
            "payload": "Payload",
            "id": str,
            "org?": Maybe("Actor"),
        },
    },
)

MODELS["citm_catalog"] = Model(
    "Catalog",
    {
        "Event": {
            "description": Maybe(str),
            "id": int,
            "logo": Maybe(str),
            "name": str,
            "subTopicIds": List(int),
            "subjectCode": Maybe(str),
            "subtitle": Maybe(str),
            "topicIds": List(int),
        },
        "Price": {"amount": int, "audienceSubCategoryId": int, "seatCategoryId": int},
        "Area": {"areaId": int, "blockIds": List(int)},
        "SeatCategory": {"areas": List("Area"), "seatCategoryId": int},
        "Performance": {
            "eventId": int,
            "id": int,
            "logo": Maybe(str),
            "name": Maybe(str),
            "prices": List("Price"),
            "seatCategories": List("SeatCategory"),
            "seatMapImage": Maybe(str),
            "start": int,
            "venueCode": str,
        },
        "Catalog": {
            "areaNames": Map(str),
            "audienceSubCategoryNames": Map(str),
            "blockNames": Map(str),
            "events": Map("Event"),
            "performances": List("Performance"),
            "seatCategoryNames": Map(str),
            "subTopicNames": Map(str),
            "subjectNames": Map(str),
            "topicNames": Map(str),
            "topicSubTopics": Map(List(int)),
            "venueNames": Map(str),
        },
    },
)

MODELS["canada"] = MODELS["contours"]
