import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('classrooms', '0001_rooms_and_room_time'),
    ]

    operations = [
        migrations.CreateModel(
            name='Course',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=60)),
                ('name', models.CharField(max_length=300)),
                ('credits', models.IntegerField(default=0)),
                ('edu_url', models.CharField(blank=True, default='', max_length=500)),
                ('language', models.CharField(blank=True, default='', max_length=60)),
                ('is_available', models.BooleanField(default=True)),
            ],
            options={
                'ordering': ['code'],
            },
        ),
        migrations.CreateModel(
            name='CourseSchedule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('label', models.CharField(max_length=60)),
                ('is_available', models.BooleanField(default=True)),
                ('course', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='schedules', to='timetables.course')),
            ],
            options={
                'ordering': ['starts_at', 'ends_at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='CourseBooking',
            fields=[
                ('occupancy', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='course_booking', serialize=False, to='classrooms.occupancy')),
                ('is_available', models.BooleanField(default=True)),
                ('classroom', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='course_bookings', to='classrooms.classroom')),
                ('schedule', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='bookings', to='timetables.courseschedule')),
            ],
            options={
                'ordering': ['occupancy'],
            },
        ),
        migrations.CreateModel(
            name='PlannedCourse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_available', models.BooleanField(default=True)),
                ('course', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='plannings', to='timetables.course')),
            ],
            options={
                'ordering': ['study_plan', 'course__code'],
            },
        ),
        migrations.CreateModel(
            name='Semester',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=300)),
                ('type', models.CharField(choices=[('fall', 'Fall'), ('spring', 'Spring'), ('year', 'Year')], max_length=6)),
                ('starts_on', models.DateField()),
                ('ends_on', models.DateField()),
                ('skip_dates', django.contrib.postgres.fields.ArrayField(base_field=models.DateField(), blank=True, default=list, size=None)),
                ('is_available', models.BooleanField(default=True)),
            ],
            options={
                'ordering': ['-starts_on', 'name', 'id'],
                'constraints': [models.UniqueConstraint(fields=('name',), name='semester_name_is_unique'), models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='semester_has_a_name'), models.CheckConstraint(condition=models.Q(('type__in', ['fall', 'spring', 'year'])), name='semester_known_type'), models.CheckConstraint(condition=models.Q(('starts_on__lte', models.F('ends_on'))), name='semester_starts_before_it_ends')],
            },
        ),
        migrations.CreateModel(
            name='StudyPlan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_available', models.BooleanField(default=True)),
                ('courses', models.ManyToManyField(related_name='study_plans', through='timetables.PlannedCourse', to='timetables.course')),
                ('semester', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='study_plans', to='timetables.semester')),
            ],
            options={
                'ordering': ['-semester__starts_on', 'unit__name', 'id'],
            },
        ),
        migrations.AddField(
            model_name='plannedcourse',
            name='study_plan',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='planned_courses', to='timetables.studyplan'),
        ),
        migrations.CreateModel(
            name='Teacher',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=300)),
                ('people_url', models.CharField(blank=True, default='', max_length=500)),
                ('is_available', models.BooleanField(default=True)),
            ],
            options={
                'ordering': ['name', 'id'],
                'constraints': [models.UniqueConstraint(fields=('name',), name='teacher_name_is_unique'), models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='teacher_has_a_name')],
            },
        ),
        migrations.AddField(
            model_name='course',
            name='teachers',
            field=models.ManyToManyField(blank=True, related_name='courses', to='timetables.teacher'),
        ),
        migrations.CreateModel(
            name='Unit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=300)),
                ('code', models.CharField(blank=True, default='', max_length=60)),
                ('section', models.CharField(blank=True, default='', max_length=300)),
                ('promo', models.CharField(blank=True, default='', max_length=60)),
                ('is_available', models.BooleanField(default=True)),
            ],
            options={
                'ordering': ['name', 'id'],
                'constraints': [models.UniqueConstraint(fields=('name',), name='unit_name_is_unique'), models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='unit_has_a_name')],
            },
        ),
        migrations.AddField(
            model_name='studyplan',
            name='unit',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='study_plans', to='timetables.unit'),
        ),
        migrations.AddConstraint(
            model_name='courseschedule',
            constraint=models.UniqueConstraint(fields=('course', 'starts_at', 'ends_at', 'label'), name='courseschedule_once_per_course'),
        ),
        migrations.AddConstraint(
            model_name='courseschedule',
            constraint=models.CheckConstraint(condition=models.Q(('starts_at__lt', models.F('ends_at'))), name='courseschedule_starts_before_ends'),
        ),
        migrations.AddConstraint(
            model_name='courseschedule',
            constraint=models.CheckConstraint(condition=models.Q(('label', ''), _negated=True), name='courseschedule_has_a_label'),
        ),
        migrations.AddConstraint(
            model_name='coursebooking',
            constraint=models.UniqueConstraint(fields=('schedule', 'classroom'), name='coursebooking_once_per_lecture'),
        ),
        migrations.AddConstraint(
            model_name='plannedcourse',
            constraint=models.UniqueConstraint(fields=('study_plan', 'course'), name='plannedcourse_once_per_plan'),
        ),
        migrations.AddConstraint(
            model_name='course',
            constraint=models.UniqueConstraint(fields=('code',), name='course_code_is_unique'),
        ),
        migrations.AddConstraint(
            model_name='course',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('code', ''), _negated=True), models.Q(('code__contains', '/'), _negated=True)), name='course_has_an_address'),
        ),
        migrations.AddConstraint(
            model_name='course',
            constraint=models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='course_has_a_name'),
        ),
        migrations.AddConstraint(
            model_name='course',
            constraint=models.CheckConstraint(condition=models.Q(('credits__range', (0, 1000))), name='course_credits_in_range'),
        ),
        migrations.AddConstraint(
            model_name='studyplan',
            constraint=models.UniqueConstraint(fields=('unit', 'semester'), name='studyplan_one_per_unit_and_semester'),
        ),
    ]
