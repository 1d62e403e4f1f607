"""The ASGI application that uvicorn serves."""

import os

from django.core.asgi import get_asgi_application

from opendcr.web.config.limits import Limited

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opendcr.web.config.settings")
application = Limited(get_asgi_application())
