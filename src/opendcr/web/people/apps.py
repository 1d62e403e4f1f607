from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "opendcr.web.people"
    label = "people"
