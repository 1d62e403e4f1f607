"""The addresses of evidence and of planning."""

from django.urls import path

from opendcr.web.insight import downloads, planning, views

app_name = "insight"

urlpatterns = [
    path("evidence", views.evidence, name="evidence"),
    path("evidence/measures", views.measures, name="measures"),
    path("evidence/room.csv", downloads.room, name="room-csv"),
    path("evidence/published/<str:series>.csv", downloads.published, name="published-csv"),
    path("planning", planning.planning, name="planning"),
    path("planning/result", planning.result, name="planning-result"),
]
