from django.urls import path

from accounts.api.mailed_views import ConfirmationPageViewSet, EmailViewSet, UnsubscribePageViewSet
from accounts.api.views import PreferencesViewSet, SessionViewSet, TicketViewSet, UserViewSet

urlpatterns = [
    path("auth/token/", SessionViewSet.as_view({"post": "log_in"})),
    path("auth/token/refresh/", SessionViewSet.as_view({"post": "refresh"})),
    path("auth/logout/", SessionViewSet.as_view({"post": "log_out"})),
    path("notifications/stream/ticket/", TicketViewSet.as_view({"post": "create"})),
    path("users/", UserViewSet.as_view({"get": "list"})),
    path("users/me/", UserViewSet.as_view({"get": "me"})),
    path("users/me/preferences/", PreferencesViewSet.as_view({"get": "retrieve", "patch": "partial_update"})),
    path("users/me/email/confirm/", EmailViewSet.as_view({"post": "confirm"})),
    path("confirm-email/", ConfirmationPageViewSet.as_view({"get": "show", "post": "confirm"})),
    path("unsubscribe/", UnsubscribePageViewSet.as_view({"get": "show", "post": "unsubscribe"})),
]
