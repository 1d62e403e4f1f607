from django.apps import AppConfig


class KeyringConfig(AppConfig):
    name = "opendcr.web.store.keyring"
    label = "keyring"
