"""Webhooks over HTTP (contract live §8)."""

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.viewsets import CallerViewSet
from kernel import clock
from kernel.api.operations import Operation
from kernel.api.permissions import InCSpace
from webhooks.api.serializers import (
    DeliveryList,
    DeliveryOutput,
    NewWebhookOutput,
    SecretOutput,
    WebhookInput,
    WebhookList,
    WebhookOutput,
)
from webhooks.models import Webhook
from webhooks.queries.deliveries import last_deliveries
from webhooks.services.webhooks import (
    TooManyWebhooks,
    WebhookIsSwitchedOff,
    WebhookNotFound,
    WebhookWish,
    change_webhook,
    create_webhook,
    delete_webhook,
    rotate_secret,
    try_webhook,
)


class WebhookViewSet(CallerViewSet):
    tag = "webhooks"

    @Operation(InCSpace, responses=WebhookList)
    def list(self, request: Request) -> Response:
        return self.listing(Webhook.objects.order_by("id"), WebhookOutput)

    @Operation(InCSpace, request=WebhookInput, responses={201: NewWebhookOutput}, conflicts=[TooManyWebhooks])
    def create(self, request: Request) -> Response:
        wish = WebhookWish(**self.body(WebhookInput))
        webhook = create_webhook(by=self.caller, now=clock.now(), wish=wish)
        return self.created(NewWebhookOutput(webhook).data, f"/api/v1/webhooks/{webhook.pk}/")

    @Operation(InCSpace, responses=WebhookOutput)
    def retrieve(self, request: Request, pk: int) -> Response:
        return Response(WebhookOutput(self._webhook(pk)).data)

    @Operation(InCSpace, request=WebhookInput, responses=WebhookOutput)
    def update(self, request: Request, pk: int) -> Response:
        self._webhook(pk)
        wish = WebhookWish(**self.changes(WebhookInput))
        webhook = change_webhook(webhook_id=pk, by=self.caller, now=clock.now(), wish=wish)
        return Response(WebhookOutput(webhook).data)

    partial_update = update

    @Operation(InCSpace, responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        delete_webhook(webhook_id=pk, by=self.caller, now=clock.now())
        return Response(status=204)

    @Operation(InCSpace, responses=SecretOutput)
    def rotate_secret(self, request: Request, pk: int) -> Response:
        secret = rotate_secret(webhook_id=pk, by=self.caller, now=clock.now())
        return Response({"secret": None if self.is_dry else secret})

    @Operation(InCSpace, responses={202: None}, conflicts=[WebhookIsSwitchedOff])
    def test(self, request: Request, pk: int) -> Response:
        try_webhook(webhook_id=pk, by=self.caller, now=clock.now())
        return Response(status=202)

    @Operation(InCSpace, responses=DeliveryList, is_paged=True)
    def deliveries(self, request: Request, pk: int) -> Response:
        self._webhook(pk)
        return self.listing(list(last_deliveries(pk)), DeliveryOutput)

    def _webhook(self, pk: int) -> Webhook:
        webhook = Webhook.objects.filter(pk=pk).first()
        if webhook is None:
            raise WebhookNotFound
        return webhook
