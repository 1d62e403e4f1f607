"""Django, set up for tests: importing this is enough. All that it writes goes with the process."""

import atexit
import os
import tempfile

import django

_home = tempfile.TemporaryDirectory(prefix="opendcr-tests-")
atexit.register(_home.cleanup)

os.environ["OPENDCR_HOME"] = _home.name
os.environ["OPENDCR_TRAINING"] = "1"
os.environ["DJANGO_SETTINGS_MODULE"] = "opendcr.web.config.settings"
for chosen in ("OPENDCR_DATABASE", "OPENDCR_KEYS", "OPENDCR_MASTER_KEY"):
    os.environ.pop(chosen, None)
django.setup()

from django.conf import settings  # noqa: E402  # only now set up
from django.contrib.auth.hashers import ScryptPasswordHasher  # noqa: E402

# A hash takes long on purpose. Here it is made by the same code with less work; servers that tests
# start, and what these store, take as long as anywhere.
ScryptPasswordHasher.work_factor = 2**4
settings.ALLOWED_HOSTS += ["testserver"]  # what Django's own client calls itself
