"""Asks the program at BASE_URL through the client that was generated from its OpenAPI document."""

import os
from http import HTTPStatus

from streamwarden_client import Client
from streamwarden_client.api.cameras import add_camera, delete_camera, edit_camera, export_cameras, get_camera, list_cameras
from streamwarden_client.api.incidents import list_incidents
from streamwarden_client.api.status import openapi, tree
from streamwarden_client.api.streams import list_streams
from streamwarden_client.models import CameraEdit, CameraStatus, Problem

with Client(base_url=os.environ["BASE_URL"], raise_on_unexpected_status=True) as client:
    # Off, so that nothing is called.
    edit = CameraEdit(name="openapi/client", host="10.255.255.1", enabled=False)
    added = add_camera.sync_detailed(client=client, body=edit)
    assert added.status_code == HTTPStatus.CREATED, added
    camera = get_camera.sync("openapi/client", client=client)
    assert isinstance(camera, CameraStatus) and camera.name == "openapi/client", camera
    assert any(one.id == camera.id for one in list_cameras.sync(client=client).items)
    taken = add_camera.sync(client=client, body=edit)
    assert isinstance(taken, Problem) and taken.status == HTTPStatus.CONFLICT, taken
    wrong = edit_camera.sync(str(camera.id), client=client, body=CameraEdit(port=70000))
    assert isinstance(wrong, Problem) and wrong.field == "port", wrong
    assert b"openapi/client" in export_cameras.sync_detailed(client=client).content
    assert delete_camera.sync_detailed("openapi/client", client=client).status_code == HTTPStatus.NO_CONTENT

    root = tree.sync(client=client)
    assert root.name == "root" and all(child.state is None or child.state.to_dict() for child in root.children), root
    assert openapi.sync(client=client)["openapi"].startswith("3.1")
    assert list_streams.sync(client=client).items is not None
    assert list_incidents.sync(client=client, limit=10).items is not None
