# SPDX-License-Identifier: Apache-2.0
"""The table of routes that partners' software calls in other protocols than ours."""

from noli.access.model import Scope
from noli.web.api.operation import Kind, Operation, Part
from noli.web.exchange import ncmec, stopncii, threatexchange

#: Bytes of a feedback document.
_MAX_FEEDBACK = 16 * 1024

_STOPNCII = "/exchange/stopncii/v1"
_NCMEC = "/exchange/ncmec/v2"
_THREATEXCHANGE = "/exchange/threatexchange"

STOPNCII: tuple[Operation, ...] = (
    Operation(
        method="GET",
        path=f"{_STOPNCII}/FetchHashes",
        handler=stopncii.fetch,
        summary="StopNCII: a page of hashes.",
        scope=Scope.EXCHANGE,
        query=stopncii.FetchQuery,
        part=Part.EXCHANGE,
        credential=stopncii.credential,
        complain=stopncii.complain,
    ),
    Operation(
        method="POST",
        path=f"{_STOPNCII}/SubmitHashes",
        handler=stopncii.submit_hashes,
        summary="StopNCII: take hashes.",
        scope=Scope.EXCHANGE,
        body={Kind.JSON: stopncii.SubmitHashesIn},
        part=Part.EXCHANGE,
        credential=stopncii.credential,
        complain=stopncii.complain,
    ),
    Operation(
        method="POST",
        path=f"{_STOPNCII}/SubmitFeedback",
        handler=stopncii.submit_feedback,
        summary="StopNCII: take opinions on hashes.",
        scope=Scope.EXCHANGE,
        body={Kind.JSON: stopncii.SubmitFeedbackIn},
        part=Part.EXCHANGE,
        credential=stopncii.credential,
        complain=stopncii.complain,
    ),
)

NCMEC: tuple[Operation, ...] = (
    Operation(
        method="GET",
        path=f"{_NCMEC}/status",
        handler=ncmec.status,
        summary="NCMEC: who calls.",
        scope=Scope.EXCHANGE,
        media_type=ncmec.MEDIA_TYPE,
        part=Part.EXCHANGE,
        credential=ncmec.credential,
        complain=ncmec.complain,
    ),
    Operation(
        method="GET",
        path=f"{_NCMEC}/members",
        handler=ncmec.members,
        summary="NCMEC: whose entries there are.",
        scope=Scope.EXCHANGE,
        media_type=ncmec.MEDIA_TYPE,
        part=Part.EXCHANGE,
        credential=ncmec.credential,
        complain=ncmec.complain,
    ),
    Operation(
        method="GET",
        path=f"{_NCMEC}/feedback/{{type}}/reasons",
        handler=ncmec.reasons,
        summary="NCMEC: reasons of negative feedback.",
        scope=Scope.EXCHANGE,
        media_type=ncmec.MEDIA_TYPE,
        part=Part.EXCHANGE,
        credential=ncmec.credential,
        complain=ncmec.complain,
    ),
    Operation(
        method="GET",
        path=f"{_NCMEC}/entries",
        handler=ncmec.entries,
        summary="NCMEC: what happened in a window of time.",
        scope=Scope.EXCHANGE,
        query=ncmec.EntriesQuery,
        media_type=ncmec.MEDIA_TYPE,
        part=Part.EXCHANGE,
        credential=ncmec.credential,
        complain=ncmec.complain,
    ),
    Operation(
        method="PUT",
        path=f"{_NCMEC}/entries/{{member}}/{{entry}}/{{type}}/feedback",
        handler=ncmec.feedback,
        summary="NCMEC: take an opinion on an entry.",
        scope=Scope.EXCHANGE,
        body={Kind.XML: bytes},
        max_body_bytes=_MAX_FEEDBACK,
        media_type=ncmec.MEDIA_TYPE,
        part=Part.EXCHANGE,
        credential=ncmec.credential,
        complain=ncmec.complain,
    ),
)

THREATEXCHANGE: tuple[Operation, ...] = (
    Operation(
        method="GET",
        path=f"{_THREATEXCHANGE}/{{group}}/threat_updates/",
        handler=threatexchange.updates,
        summary="ThreatExchange: a page of what happened.",
        scope=Scope.EXCHANGE,
        query=threatexchange.UpdatesQuery,
        part=Part.EXCHANGE,
        credential=threatexchange.credential,
        complain=threatexchange.complain,
    ),
    Operation(
        method="GET",
        path=f"{_THREATEXCHANGE}/",
        handler=threatexchange.descriptors,
        summary="ThreatExchange: descriptors by their ids.",
        scope=Scope.EXCHANGE,
        query=threatexchange.IdsQuery,
        part=Part.EXCHANGE,
        credential=threatexchange.credential,
        complain=threatexchange.complain,
    ),
    Operation(
        method="POST",
        path=f"{_THREATEXCHANGE}/threat_descriptors/",
        handler=threatexchange.submit,
        summary="ThreatExchange: take a hash.",
        scope=Scope.EXCHANGE,
        query=threatexchange.DescriptorQuery,
        part=Part.EXCHANGE,
        credential=threatexchange.credential,
        complain=threatexchange.complain,
    ),
    Operation(
        method="DELETE",
        path=f"{_THREATEXCHANGE}/{{descriptor}}",
        handler=threatexchange.delete,
        summary="ThreatExchange: take a hash back.",
        scope=Scope.EXCHANGE,
        part=Part.EXCHANGE,
        credential=threatexchange.credential,
        complain=threatexchange.complain,
    ),
    Operation(
        method="POST",
        path=f"{_THREATEXCHANGE}/{{descriptor}}/",
        handler=threatexchange.react,
        summary="ThreatExchange: take a reaction.",
        scope=Scope.EXCHANGE,
        query=threatexchange.ReactionQuery,
        part=Part.EXCHANGE,
        credential=threatexchange.credential,
        complain=threatexchange.complain,
    ),
)

#: All of them.
PROTOCOLS: tuple[Operation, ...] = (*STOPNCII, *NCMEC, *THREATEXCHANGE)
