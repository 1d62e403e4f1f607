"""Django's settings. What a site may choose comes from the environment, set by `opendcr serve`."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from opendcr.web.config.places import data_folder, keys_database, room_database, secret_file

HERE = Path(__file__).parent

DATABASES = {
    "default": room_database(),
    # Beside the main database and never in its backup: without it, no name can be read.
    "keys": keys_database(
        os.environ.get("OPENDCR_KEYS") or f"sqlite:///{data_folder() / 'keys.sqlite3'}"
    ),
}
DATABASE_ROUTERS = ["opendcr.web.store.keyring.router.KeysApart"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

OPENDCR_MASTER_KEY = os.environ.get("OPENDCR_MASTER_KEY") or str(data_folder() / "master.key")
OPENDCR_TRAINING = os.environ.get("OPENDCR_TRAINING") == "1"

SECRET_KEY = secret_file(data_folder() / "session.key", 64).hex()
DEBUG = False
_HOSTS = os.environ.get("OPENDCR_HOSTS") or "127.0.0.1,localhost,[::1]"
ALLOWED_HOSTS = [name.strip() for name in _HOSTS.split(",")]

_APPS = ("service", "insight", "floor")
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_htmx",
    "opendcr.web.store",
    "opendcr.web.store.keyring",
    "opendcr.web.api",
    "opendcr.web.staff",
    "opendcr.web.people",
    *(f"opendcr.web.{app}" for app in _APPS if find_spec(f"opendcr.web.{app}")),
]

MIDDLEWARE = [
    "opendcr.web.config.middleware.Security",
    "opendcr.web.config.middleware.StaticFiles",
    "opendcr.web.config.middleware.ContentSecurityPolicy",
    "opendcr.web.config.middleware.Session",
    "opendcr.web.config.middleware.Common",
    "opendcr.web.config.middleware.Csrf",
    "opendcr.web.config.middleware.Authentication",
    "opendcr.web.config.middleware.NothingIsStored",
    "opendcr.web.config.middleware.MethodsTold",
    "opendcr.web.config.middleware.DatabaseFails",
    "opendcr.web.config.middleware.FrameOptions",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "opendcr.web.config.urls"
ASGI_APPLICATION = "opendcr.web.config.asgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "opendcr.web.config.context.site",
            ],
        },
    }
]

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [path for path in [HERE / "static"] if path.is_dir()]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 15},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "opendcr.web.config.passwords.NothingTwice"},
]

# NIST SP 800-63B, AAL2: signed in again after 12 hours at the latest.
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_NAME = "opendcr_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_FAILURE_VIEW = "opendcr.web.config.errors.csrf_failure"
# A browser sends Secure cookies over plain HTTP to this machine's own address only.
_SECURE = os.environ.get("OPENDCR_HTTPS") == "1"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _SECURE else None
# Addresses go to nobody else. "no-referrer" would also take the origin from our own forms, which
# the check against forged requests needs.
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024

# No address with its query, no body and no exception's words: they can hold somebody's name.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"()": "opendcr.web.config.logs.Plain"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "opendcr": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
    },
}
