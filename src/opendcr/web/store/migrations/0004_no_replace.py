from django.db import migrations

from opendcr.web.store.triggers import forbid_replacing


class Migration(migrations.Migration):
    dependencies = [("store", "0003_device_name")]
    operations = [migrations.RunPython(forbid_replacing, migrations.RunPython.noop)]
