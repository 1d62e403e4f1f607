from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "opendcr.web.api"
    label = "api"
