"""Whether a resource is what the official StructureDefinitions of R4 say it must be.

Checked are: which elements there are and how often, their types and formats, codes with a required
binding, what references look like and may lead to, and the invariants of the types in use. Not
checked are profiles and FHIRPath at large. http://hl7.org/fhir/R4/structuredefinition.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.fhir.further import FURTHER
from tests.fhir.invariant import broken_rules
from tests.fhir.primitive import PRIMITIVES, is_primitive

_PROFILE: Final = "http://hl7.org/fhir/StructureDefinition/"
_SYSTEM_STRING: Final = "http://hl7.org/fhirpath/System.String"
_ANY: Final = "Resource"
_INLINE: Final = frozenset({"BackboneElement", "Element"})
_REFERENCE: Final = re.compile(
    r"#[A-Za-z0-9\-.]{1,64}"
    r"|(?P<base>https?://\S+/)?(?P<type>[A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}"
    r"(/_history/[A-Za-z0-9\-.]{1,64})?"
    r"|urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|urn:oid:[0-2](\.(0|[1-9]\d*))+"
    r"|https?://\S+"
    r"|(?P<asked>[A-Z][A-Za-z]+)\?\S+"
)
_CODES: Final = re.compile(r"([a-z][a-z-]*)( \| [a-z][a-z-]*)+")
_MIME: Final = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(\s*;\s*[\w.-]+=(\"[^\"]*\"|[^\s;\"]+))*")
LATER: Final = {"http://terminology.hl7.org/CodeSystem/v3-ParticipationMode": {"SMSWRIT"}}
"""Codes that came into their system after R4; no binding there is stronger than an example."""


@dataclass(frozen=True, slots=True)
class Type:
    """One type an element may have."""

    code: str
    targets: frozenset[str] = frozenset()
    """What a reference may lead to; empty: anything."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a type."""

    name: str
    """Without the `[x]` of a choice."""
    path: str
    least: int
    many: bool
    types: tuple[Type, ...]
    choice: bool = False
    codes: frozenset[str] = frozenset()
    """The codes of a required binding; empty: none, or one that is not a list."""
    mime: bool = False
    """Bound to media types (BCP 13)."""


@dataclass(frozen=True, slots=True)
class Definitions:
    """What is known of the types."""

    elements: Mapping[str, Mapping[str, Element]]
    """By the path of what they belong to, `Communication.payload`, then by their name."""
    systems: Mapping[str, frozenset[str]]
    """The codes of each code system, by its URL."""


# ---- reading the definitions ---------------------------------------------------------------


def read_definitions(folder: Path) -> Definitions:
    """Read the official definitions, and add what they leave out.

    Args:
        folder: of `StructureDefinition-*.json`, `CodeSystem-*.json` and `ValueSet-*.json`.
    """
    systems, sets = {}, {}
    for path in sorted(folder.glob("CodeSystem-*.json")):
        read = json.loads(path.read_text("utf-8"))
        systems[read["url"]] = frozenset(_concepts(read))
    for path in sorted(folder.glob("ValueSet-*.json")):
        read = json.loads(path.read_text("utf-8"))
        includes = read["compose"]["include"]
        if all(one["system"] in systems and "concept" not in one for one in includes):
            sets[read["url"]] = frozenset[str]().union(*(systems[i["system"]] for i in includes))
    elements = {path: dict(_further(path, text)) for path, text in FURTHER.items()}
    for path in sorted(folder.glob("StructureDefinition-*.json")):
        for one in json.loads(path.read_text("utf-8"))["snapshot"]["element"]:
            parent, _, name = one["path"].rpartition(".")
            if parent:
                element = _element(one, sets)
                elements.setdefault(parent, {})[element.name] = element
            else:
                elements[name] = {}
    return Definitions(elements, systems)


def _concepts(read: Any) -> Iterator[str]:
    for concept in read.get("concept", []):
        yield concept["code"]
        yield from _concepts(concept)


def _element(read: Any, sets: Mapping[str, frozenset[str]]) -> Element:
    path, binding = read["path"], read.get("binding", {})
    codes: frozenset[str] = frozenset()
    value_set = binding.get("valueSet", "").partition("|")[0]
    required = binding.get("strength") == "required"
    if required and value_set in sets:
        codes = sets[value_set]
    elif required and (listed := _CODES.match(read["short"])):
        # Where its value set is not at hand, the definition's own short word lists the codes.
        codes = frozenset(listed[0].split(" | "))
    return Element(
        name=path.rpartition(".")[2].removesuffix("[x]"),
        path=path,
        least=read["min"],
        many=read["max"] != "1",
        types=tuple(_type(one) for one in read["type"]),
        choice=path.endswith("[x]"),
        codes=codes,
        mime=value_set.endswith("/mimetypes"),
    )


def _type(read: Any) -> Type:
    code = read["code"]
    if code == _SYSTEM_STRING:
        [told] = read["extension"]
        code = told["valueUrl"]
    targets = {one.removeprefix(_PROFILE) for one in read.get("targetProfile", [])}
    # Elsewhere the profiles of a type say what a canonical leads to.
    if code != "Reference" or _ANY in targets:
        targets = set()
    return Type(code, frozenset(targets))


def _further(path: str, text: str) -> Iterator[tuple[str, Element]]:
    for line in filter(None, map(str.strip, text.splitlines())):
        name, often, kinds, *codes = line.split()
        types = []
        for kind in kinds.split("|"):
            code, _, targets = kind.rstrip(")").partition("(")
            named = frozenset(targets.split(",")) - {"", _ANY}
            types.append(Type(code, named))
        yield (
            name.removesuffix("[x]"),
            Element(
                name=name.removesuffix("[x]"),
                path=f"{path}.{name}",
                least=int(often[0]),
                many=often.endswith("*"),
                types=tuple(types),
                choice=name.endswith("[x]"),
                codes=frozenset(codes) - {"mime"},
                mime="mime" in codes,
            ),
        )


# ---- checking ------------------------------------------------------------------------------


def problems(resource: Any, definitions: Definitions) -> list[str]:
    """What is wrong with a resource, one sentence each with the place; empty when it is valid.

    Args:
        resource: as `json.loads` gives it.
        definitions: as `read_definitions` gives them.

    Raises:
        LookupError: nothing is known of resources of this type, or of a data type in it.
    """
    return list(_Check(definitions, resource).resource(resource, ""))


@dataclass(frozen=True, slots=True)
class _Check:
    """One check; `root` is the resource that holds what is contained."""

    known: Definitions
    root: Any

    def resource(self, value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
            yield f"{where or 'it'} is no resource"
            return
        kind = value["resourceType"]
        if kind not in self.known.elements:
            raise LookupError(f"nothing is known of {kind}")
        inner = {name: one for name, one in value.items() if name != "resourceType"}
        if not is_primitive("id", value.get("id", "x")):
            yield f"{where}{kind}.id: {value['id']!r} is no id"
        yield from self.complex(kind, inner, f"{where}{kind}")

    def complex(self, path: str, value: Any, where: str) -> Iterator[str]:
        """Something with elements: a type, or an element with elements of its own."""
        if path not in self.known.elements:
            raise LookupError(f"nothing is known of {path}")
        if not isinstance(value, dict) or not value:
            yield f"{where} is no {path}"
            return
        elements = self.known.elements[path]
        used: dict[str, set[str]] = {}
        for name, inner in value.items():
            found = _named(elements, name.removeprefix("_"))
            if found is None:
                yield f"{where}.{name} is unknown"
                continue
            element, kind = found
            used.setdefault(element.name, set()).add(name.removeprefix("_"))
            if name.startswith("_"):
                yield from self.beside(element, kind, inner, f"{where}.{name}")
            else:
                yield from self.element(element, kind, inner, f"{where}.{name}")
        for element in elements.values():
            if element.least and element.name not in used:
                yield f"{where}.{element.name} is missing"
            if len(used.get(element.name, ())) > 1:
                yield f"{where}.{element.name} is there in more than one type"
        for broken in broken_rules(path, value):
            yield f"{where} {broken}"
        if path == "Coding":
            system, code = str(value.get("system")), str(value.get("code"))
            codes = self.known.systems.get(system, frozenset()) | LATER.get(system, set())
            if codes and "code" in value and code not in codes:
                yield f"{where}.code: {code!r} is no code of {system}"

    def element(self, element: Element, kind: Type, value: Any, where: str) -> Iterator[str]:
        if isinstance(value, list) is not element.many:
            yield f"{where} is {'no list' if element.many else 'a list'}"
            return
        if value == []:
            yield f"{where} is an empty list"
        for number, one in enumerate(value if element.many else [value]):
            yield from self.one(element, kind, one, f"{where}[{number}]" if element.many else where)

    def one(self, element: Element, kind: Type, value: Any, where: str) -> Iterator[str]:
        if kind.code in PRIMITIVES:
            if not is_primitive(kind.code, value):
                yield f"{where}: {value!r:.60} is no {kind.code}"
            elif element.codes and value not in element.codes:
                yield f"{where}: {value!r} is none of {', '.join(sorted(element.codes))}"
            elif element.mime and _MIME.fullmatch(value) is None:
                yield f"{where}: {value!r} is no media type"
        elif kind.code == _ANY:
            kept = value.get("resourceType") if isinstance(value, dict) else None
            # What hangs inside another resource may be of any type, known here or not.
            if not isinstance(kept, str) or kept in self.known.elements:
                yield from self.resource(value, f"{where}/")
        elif kind.code in _INLINE:
            yield from self.complex(element.path, value, where)
        else:
            yield from self.complex(kind.code, value, where)
            if kind.code == "Reference" and isinstance(value, dict):
                yield from self.reference(kind, value, where)

    def beside(self, element: Element, kind: Type, value: Any, where: str) -> Iterator[str]:
        """`_name`: ids and extensions of a primitive (http://hl7.org/fhir/R4/json.html#primitive)."""
        if kind.code not in PRIMITIVES:
            yield f"{where} is beside nothing primitive"
            return
        if isinstance(value, list) is not element.many:
            yield f"{where} is {'no list' if element.many else 'a list'}"
            return
        for one in value if element.many else [value]:
            if one is None and element.many:
                continue
            if not isinstance(one, dict) or not one or set(one) - {"id", "extension"}:
                yield f"{where} holds more than an id and extensions"
                continue
            for number, extension in enumerate(one.get("extension", [])):
                yield from self.complex("Extension", extension, f"{where}.extension[{number}]")

    def reference(self, kind: Type, value: Mapping[str, Any], where: str) -> Iterator[str]:
        literal = value.get("reference")
        if literal is None or not isinstance(literal, str):
            return
        found = _REFERENCE.fullmatch(literal)
        if found is None:
            yield f"{where}.reference: {literal!r} is no reference"
            return
        target = value.get("type") or found["type"] or found["asked"]
        if literal.startswith("#"):
            contained = [one for one in self.root.get("contained", []) if isinstance(one, dict)]
            target = {f"#{one.get('id')}": one.get("resourceType") for one in contained}.get(
                literal
            )
            if target is None:
                yield f"{where}.reference: {literal!r} is not contained (ref-1)"
        if target and kind.targets and target not in kind.targets:
            yield f"{where} leads to a {target}, not to {' or '.join(sorted(kind.targets))}"


def _named(elements: Mapping[str, Element], name: str) -> tuple[Element, Type] | None:
    """The element a name stands for, with its type: `contentString` is `content[x]`, a string."""
    element = elements.get(name)
    if element is not None and not element.choice:
        return element, element.types[0]
    for element in elements.values():
        if element.choice and name.startswith(element.name):
            for kind in element.types:
                if name == element.name + kind.code[0].upper() + kind.code[1:]:
                    return element, kind
    return None
