"""The published schema: every operation documents its refusals with the one envelope."""

from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers


class ErrorEnvelope(serializers.Serializer):  # type: ignore[type-arg]
    error = serializers.CharField()
    code = serializers.CharField()
    details = serializers.DictField(required=False)


class EnvelopeAutoSchema(AutoSchema):
    pass
