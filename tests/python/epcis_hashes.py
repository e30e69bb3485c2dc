"""Texts that the reference generator of EPCIS event hash ids hashes, for the documents in files: JSON, one list a file."""

import json
import sys

from epcis_event_hash_generator import events_from_file_reader, hash_generator

print(
    json.dumps(
        [
            hash_generator.derive_prehashes_from_events(events_from_file_reader.event_list_from_file(path, ""), "")
            for path in sys.argv[1:]
        ]
    )
)
