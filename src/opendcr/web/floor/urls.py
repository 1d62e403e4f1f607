"""The floor's addresses."""

from django.urls import path

from opendcr.web.floor import views

app_name = "floor"

urlpatterns = [
    path("", views.board, name="board"),
    path("emergency/", views.emergency, name="emergency"),
]
