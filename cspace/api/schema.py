"""The published schema: every operation documents its refusals with the one envelope."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes
from rest_framework import serializers

from cspace.api.fields import ChoiceField


class ErrorEnvelope(serializers.Serializer):  # type: ignore[type-arg]
    error = serializers.CharField()
    code = serializers.CharField()
    details = serializers.DictField(required=False)


class EnvelopeAutoSchema(AutoSchema):
    pass
