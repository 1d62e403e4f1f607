from django.apps import AppConfig


class InsightConfig(AppConfig):
    name = "opendcr.web.insight"
    label = "insight"
