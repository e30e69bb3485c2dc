"""Registers, changes and deletes by pyhandle over the Handle REST API; prints what it saw as JSON."""
import json
import sys

from pyhandle.handleclient import PyHandleClient
from pyhandle.handleexceptions import HandleAlreadyExistsException, HandleAuthenticationError

url, user, secret = sys.argv[1:4]
client = PyHandleClient("rest").instantiate_with_username_and_password(url, user, secret, HTTPS_verify=False)
handle = "88.608.8889/made-by-python"
saw = {}
saw["registered"] = client.register_handle(handle, "https://example.com/p/1", TYPE="spindle")
try:
    client.register_handle(handle, "https://example.com/p/2")
    saw["again"] = "registered"
except HandleAlreadyExistsException:
    saw["again"] = "exists"
client.modify_handle_value(handle, TYPE="shaft", COLOUR="red")
saw["record"] = client.retrieve_handle_record(handle)
saw["value"] = client.get_value_from_handle(handle, "URL")
client.delete_handle_value(handle, "COLOUR")
saw["keys"] = sorted(client.retrieve_handle_record(handle))
stranger = PyHandleClient("rest").instantiate_with_username_and_password(url, user, "guessed", HTTPS_verify=False)
try:
    stranger.delete_handle(handle)
    saw["stranger"] = "deleted"
except HandleAuthenticationError:
    saw["stranger"] = "refused"
client.delete_handle(handle)
saw["after"] = client.retrieve_handle_record_json(handle)
print(json.dumps(saw))
