import tests.support.site  # noqa: F401
