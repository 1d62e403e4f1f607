from django.db import migrations

from opendcr.web.store.triggers import forbid


class Migration(migrations.Migration):
    dependencies = [("store", "0001_initial")]
    operations = [migrations.RunPython(forbid, migrations.RunPython.noop)]
