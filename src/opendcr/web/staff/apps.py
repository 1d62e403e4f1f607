from django.apps import AppConfig


class StaffConfig(AppConfig):
    name = "opendcr.web.staff"
    label = "staff"
