from django.urls import path

from opendcr.web.people.search import search

app_name = "people"
urlpatterns = [path("people/search", search, name="search")]
