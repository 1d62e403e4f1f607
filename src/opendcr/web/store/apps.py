from django.apps import AppConfig


class StoreConfig(AppConfig):
    name = "opendcr.web.store"
    label = "store"
