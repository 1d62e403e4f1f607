from django.urls import path

from opendcr.web.staff import views

app_name = "staff"
urlpatterns = [
    path("sign-in", views.sign_in, name="sign-in"),
    path("sign-out", views.sign_out, name="sign-out"),
    path("device", views.device, name="device"),
]
