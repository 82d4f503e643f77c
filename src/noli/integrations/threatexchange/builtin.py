# SPDX-License-Identifier: Apache-2.0
"""Makes the built-in signal type ``pdq`` of ``threatexchange`` hash and search with Noli, in this process.

Importing this module does it: ``tx config extensions add noli.integrations.threatexchange.builtin`` for the command
line, one import in the settings file for HMA. Exchanges deliver hashes to the type of that name and class alone, so
nothing else would reach them. ``tx config extensions remove`` takes it back; indexes are then to be built anew
(``tx dataset --rebuild-indices``).
"""

from threatexchange.extensions.manifest import ThreatExchangeExtensionManifest
from threatexchange.signal_type.pdq.signal import PdqSignal as BuiltinPdqSignal

from noli.integrations.threatexchange import PdqSignal

#: What of the built-in type is replaced.
REPLACED = ("get_index_cls", "hash_from_bytes")

for _name in REPLACED:
    setattr(BuiltinPdqSignal, _name, getattr(PdqSignal, _name))

TX_MANIFEST = ThreatExchangeExtensionManifest()
