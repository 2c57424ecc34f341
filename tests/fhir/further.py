"""What goes over the wire or into the record and has no StructureDefinition in the corpora.

A line an element: its name, how often, its type with what a reference may lead to, and the codes it
is bound to. http://hl7.org/fhir/R4/documentreference.html, binary.html, bundle.html, group.html,
organization.html, datatypes.html#quantity
"""

from __future__ import annotations

from typing import Final

_ANYWHERE: Final = """
    id 0..1 id
    meta 0..1 Meta
    implicitRules 0..1 uri
    language 0..1 code
"""
_DOMAIN: Final = (
    _ANYWHERE
    + """
    text 0..1 Narrative
    contained 0..* Resource
    extension 0..* Extension
    modifierExtension 0..* Extension
"""
)
_ELEMENT: Final = """
    id 0..1 string
    extension 0..* Extension
"""
_BACKBONE: Final = (
    _ELEMENT
    + """
    modifierExtension 0..* Extension
"""
)
_AUTHORS: Final = (
    "Reference(Practitioner,PractitionerRole,Organization,Device,Patient,RelatedPerson)"
)
_BUNDLES: Final = (
    "document message transaction transaction-response batch batch-response history searchset "
    "collection"
)
_QUANTITY: Final = (
    _ELEMENT
    + """
    value 0..1 decimal
    comparator 0..1 code < <= >= >
    unit 0..1 string
    system 0..1 uri
    code 0..1 code
"""
)

FURTHER: Final[dict[str, str]] = {
    "Quantity": _QUANTITY,
    "Duration": _QUANTITY,
    "Age": _QUANTITY,
    "Count": _QUANTITY,
    "Binary": _ANYWHERE
    + """
    contentType 1..1 code mime
    securityContext 0..1 Reference(Resource)
    data 0..1 base64Binary
    """,
    "DocumentReference": _DOMAIN
    + f"""
    masterIdentifier 0..1 Identifier
    identifier 0..* Identifier
    status 1..1 code current superseded entered-in-error
    docStatus 0..1 code preliminary final amended entered-in-error
    type 0..1 CodeableConcept
    category 0..* CodeableConcept
    subject 0..1 Reference(Patient,Practitioner,Group,Device)
    date 0..1 instant
    author 0..* {_AUTHORS}
    authenticator 0..1 Reference(Practitioner,PractitionerRole,Organization)
    custodian 0..1 Reference(Organization)
    relatesTo 0..* BackboneElement
    description 0..1 string
    securityLabel 0..* CodeableConcept
    content 1..* BackboneElement
    context 0..1 BackboneElement
    """,
    "DocumentReference.relatesTo": _BACKBONE
    + """
    code 1..1 code replaces transforms signs appends
    target 1..1 Reference(DocumentReference)
    """,
    "DocumentReference.content": _BACKBONE
    + """
    attachment 1..1 Attachment
    format 0..1 Coding
    """,
    "DocumentReference.context": _BACKBONE
    + """
    encounter 0..* Reference(Encounter,EpisodeOfCare)
    event 0..* CodeableConcept
    period 0..1 Period
    facilityType 0..1 CodeableConcept
    practiceSetting 0..1 CodeableConcept
    sourcePatientInfo 0..1 Reference(Patient)
    related 0..* Reference(Resource)
    """,
    "Organization": _DOMAIN
    + """
    identifier 0..* Identifier
    active 0..1 boolean
    type 0..* CodeableConcept
    name 0..1 string
    alias 0..* string
    telecom 0..* ContactPoint
    address 0..* Address
    partOf 0..1 Reference(Organization)
    contact 0..* BackboneElement
    endpoint 0..* Reference(Endpoint)
    """,
    "Organization.contact": _BACKBONE
    + """
    purpose 0..1 CodeableConcept
    name 0..1 HumanName
    telecom 0..* ContactPoint
    address 0..1 Address
    """,
    "Group": _DOMAIN
    + """
    identifier 0..* Identifier
    active 0..1 boolean
    type 1..1 code person animal practitioner device medication substance
    actual 1..1 boolean
    code 0..1 CodeableConcept
    name 0..1 string
    quantity 0..1 unsignedInt
    managingEntity 0..1 Reference(Organization,RelatedPerson,Practitioner,PractitionerRole)
    characteristic 0..* BackboneElement
    member 0..* BackboneElement
    """,
    "Group.characteristic": _BACKBONE
    + """
    code 1..1 CodeableConcept
    value[x] 1..1 CodeableConcept|boolean|Quantity|Range|Reference(Resource)
    exclude 1..1 boolean
    period 0..1 Period
    """,
    "Group.member": _BACKBONE
    + """
    entity 1..1 Reference(Patient,Practitioner,PractitionerRole,Device,Medication,Substance,Group)
    period 0..1 Period
    inactive 0..1 boolean
    """,
    "Bundle": _ANYWHERE
    + f"""
    identifier 0..1 Identifier
    type 1..1 code {_BUNDLES}
    timestamp 0..1 instant
    total 0..1 unsignedInt
    link 0..* BackboneElement
    entry 0..* BackboneElement
    signature 0..1 Signature
    """,
    "Bundle.link": _BACKBONE
    + """
    relation 1..1 string
    url 1..1 uri
    """,
    "Bundle.entry": _BACKBONE
    + """
    link 0..* BackboneElement
    fullUrl 0..1 uri
    resource 0..1 Resource
    search 0..1 BackboneElement
    request 0..1 BackboneElement
    response 0..1 BackboneElement
    """,
    "Bundle.entry.link": _BACKBONE
    + """
    relation 1..1 string
    url 1..1 uri
    """,
    "Bundle.entry.search": _BACKBONE
    + """
    mode 0..1 code match include outcome
    score 0..1 decimal
    """,
    "Bundle.entry.request": _BACKBONE
    + """
    method 1..1 code GET HEAD POST PUT DELETE PATCH
    url 1..1 uri
    ifNoneMatch 0..1 string
    ifModifiedSince 0..1 instant
    ifMatch 0..1 string
    ifNoneExist 0..1 string
    """,
    "Bundle.entry.response": _BACKBONE
    + """
    status 1..1 string
    location 0..1 uri
    etag 0..1 string
    lastModified 0..1 instant
    outcome 0..1 Resource
    """,
}
