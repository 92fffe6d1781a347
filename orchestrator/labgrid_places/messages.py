"""The coordinator's messages, described by itself through gRPC's reflection: labgrid need not be installed here.

labgrid brings a pyserial of its own, which must not take the place of ours.
"""

from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

SERVICE = "labgrid.Coordinator"


class CoordinatorMethods:
    """The methods of a coordinator behind a channel.

    Raises:
        grpc.RpcError: nobody answers there.
        KeyError: who answers is no coordinator of labgrid.
    """

    def __init__(self, channel: grpc.Channel) -> None:
        self._channel = channel
        self._service = DescriptorPool(ProtoReflectionDescriptorDatabase(channel)).FindServiceByName(SERVICE)

    def call(self, method: str, timeout_s: float, **fields: object) -> Any:
        """Call a method with one request and give its reply."""
        described = self._service.methods_by_name[method]
        request = GetMessageClass(described.input_type)(**fields)
        return self._stub(self._channel.unary_unary, method)(request, timeout=timeout_s)

    def stream(self, method: str) -> tuple[Callable[..., Any], Any]:
        """Give a method of streams both ways, and the class of what it is sent."""
        sent = GetMessageClass(self._service.methods_by_name[method].input_type)
        return self._stub(self._channel.stream_stream, method), sent

    def _stub(self, kind: Any, method: str) -> Any:
        described = self._service.methods_by_name[method]
        return kind(
            f"/{SERVICE}/{method}",
            request_serializer=GetMessageClass(described.input_type).SerializeToString,
            response_deserializer=GetMessageClass(described.output_type).FromString,
        )
