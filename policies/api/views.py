"""Booking rules over HTTP (policy §1)."""

from collections.abc import Mapping
from typing import Any, cast

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.viewsets import CallerViewSet
from kernel import clock
from kernel.api.operations import Operation
from kernel.api.permissions import InCSpace, LoggedIn
from kernel.errors import PermissionDenied
from policies.api.serializers import BookingRuleInput, BookingRuleList, BookingRuleOutput, BookingRulesQuery
from policies.queries.own_rules import all_rules, rules_for
from policies.services.booking_rules import (
    RuleExists,
    TooManyRules,
    amend_rule,
    create_rule,
    delete_rule,
    named_rule,
    read_rule,
    shown_rule,
)


class BookingRuleViewSet(CallerViewSet):
    tag = "booking rules"

    @Operation(LoggedIn, parameters=[BookingRulesQuery], responses=BookingRuleList)
    def list(self, request: Request) -> Response:
        wants_all = self.query(BookingRulesQuery).get("all", False)
        if wants_all and not self.access.is_cspace:
            raise PermissionDenied
        return self.listing(all_rules() if wants_all else rules_for(self.access), BookingRuleOutput)

    @Operation(
        InCSpace, request=BookingRuleInput, responses={201: BookingRuleOutput}, conflicts=[RuleExists, TooManyRules]
    )
    def create(self, request: Request) -> Response:
        self.body(BookingRuleInput)
        rule = create_rule(by=self.caller, now=clock.now(), wish=read_rule(self._said()))
        return self.created(BookingRuleOutput(rule).data, f"/api/v1/booking-rules/{rule.rule.id}/")

    @Operation(InCSpace, request=BookingRuleInput, responses=BookingRuleOutput, conflicts=[RuleExists])
    def update(self, request: Request, pk: int) -> Response:
        self.changes(BookingRuleInput, present=shown_rule(named_rule(pk)))
        rule = amend_rule(rule_id=pk, by=self.caller, now=clock.now(), body=self._said())
        return Response(BookingRuleOutput(rule).data)

    partial_update = update

    @Operation(InCSpace, responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        delete_rule(rule_id=pk, by=self.caller, now=clock.now())
        return Response(status=204)

    def _said(self) -> Mapping[str, Any]:
        """The body as it was sent, once its serializer has found nothing wrong with it."""
        return cast(Mapping[str, Any], self.request.data)
