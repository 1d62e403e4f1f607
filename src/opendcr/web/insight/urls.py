"""The addresses of evidence."""

from django.urls import path

from opendcr.web.insight import downloads, views

app_name = "insight"

urlpatterns = [
    path("evidence", views.evidence, name="evidence"),
    path("evidence/measures", views.measures, name="measures"),
    path("evidence/room.csv", downloads.room, name="room-csv"),
    path("evidence/published/<str:series>.csv", downloads.published, name="published-csv"),
]
