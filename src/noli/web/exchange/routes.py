# SPDX-License-Identifier: Apache-2.0
"""The table of routes that partners' software calls in other protocols than ours."""

from functools import partial

from noli.access.model import Scope
from noli.web.api.operation import Kind, Operation, Part
from noli.web.exchange import ncmec, stopncii, threatexchange

#: Bytes of a feedback document.
_MAX_FEEDBACK = 16 * 1024

_STOPNCII = "/exchange/stopncii/v1"
_NCMEC = "/exchange/ncmec/v2"
_THREATEXCHANGE = "/exchange/threatexchange"

_operation = partial(Operation, scope=Scope.EXCHANGE, part=Part.EXCHANGE)
_stopncii = partial(_operation, credential=stopncii.credential, complain=stopncii.complain, how=stopncii.HOW)
_ncmec = partial(
    _operation, credential=ncmec.credential, complain=ncmec.complain, media_type=ncmec.MEDIA_TYPE, how=ncmec.HOW
)
_threatexchange = partial(
    _operation, credential=threatexchange.credential, complain=threatexchange.complain, how=threatexchange.HOW
)

STOPNCII: tuple[Operation, ...] = (
    _stopncii(
        method="GET",
        path=f"{_STOPNCII}/FetchHashes",
        handler=stopncii.fetch,
        summary="StopNCII: a page of hashes.",
        query=stopncii.FetchQuery,
    ),
    _stopncii(
        method="POST",
        path=f"{_STOPNCII}/SubmitHashes",
        handler=stopncii.submit_hashes,
        summary="StopNCII: take hashes.",
        body={Kind.JSON: stopncii.SubmitHashesIn},
    ),
    _stopncii(
        method="POST",
        path=f"{_STOPNCII}/SubmitFeedback",
        handler=stopncii.submit_feedback,
        summary="StopNCII: take opinions on hashes.",
        body={Kind.JSON: stopncii.SubmitFeedbackIn},
    ),
)

NCMEC: tuple[Operation, ...] = (
    _ncmec(
        method="GET",
        path=f"{_NCMEC}/status",
        handler=ncmec.status,
        summary="NCMEC: who calls.",
    ),
    _ncmec(
        method="GET",
        path=f"{_NCMEC}/members",
        handler=ncmec.members,
        summary="NCMEC: whose entries there are.",
    ),
    _ncmec(
        method="GET",
        path=f"{_NCMEC}/feedback/{{type}}/reasons",
        handler=ncmec.reasons,
        summary="NCMEC: reasons of negative feedback.",
    ),
    _ncmec(
        method="GET",
        path=f"{_NCMEC}/entries",
        handler=ncmec.entries,
        summary="NCMEC: what happened in a window of time.",
        query=ncmec.EntriesQuery,
    ),
    _ncmec(
        method="PUT",
        path=f"{_NCMEC}/entries/{{member}}/{{entry}}/{{type}}/feedback",
        handler=ncmec.feedback,
        summary="NCMEC: take an opinion on an entry.",
        body={Kind.XML: bytes},
        max_body_bytes=_MAX_FEEDBACK,
    ),
)

THREATEXCHANGE: tuple[Operation, ...] = (
    _threatexchange(
        method="GET",
        path=f"{_THREATEXCHANGE}/{{group}}/threat_updates/",
        handler=threatexchange.updates,
        summary="ThreatExchange: a page of what happened.",
        query=threatexchange.UpdatesQuery,
    ),
    _threatexchange(
        method="GET",
        path=f"{_THREATEXCHANGE}/",
        handler=threatexchange.descriptors,
        summary="ThreatExchange: descriptors by their ids.",
        query=threatexchange.IdsQuery,
    ),
    _threatexchange(
        method="POST",
        path=f"{_THREATEXCHANGE}/threat_descriptors/",
        handler=threatexchange.submit,
        summary="ThreatExchange: take a hash.",
        query=threatexchange.DescriptorQuery,
    ),
    _threatexchange(
        method="DELETE",
        path=f"{_THREATEXCHANGE}/{{descriptor}}",
        handler=threatexchange.delete,
        summary="ThreatExchange: take a hash back.",
    ),
    _threatexchange(
        method="POST",
        path=f"{_THREATEXCHANGE}/{{descriptor}}/",
        handler=threatexchange.react,
        summary="ThreatExchange: take a reaction.",
        query=threatexchange.ReactionQuery,
    ),
)

#: All of them.
PROTOCOLS: tuple[Operation, ...] = (*STOPNCII, *NCMEC, *THREATEXCHANGE)
