"""The public timetable over HTTP: what is withdrawn is not there."""

from rest_framework.request import Request
from rest_framework.response import Response

from kernel import clock
from kernel.api.filters import filtered
from kernel.api.operations import Operation
from kernel.api.permissions import PublicRead
from kernel.api.viewsets import ApiViewSet
from kernel.campus_time import campus_date
from kernel.errors import NotFound
from timetables.api.filters import CourseFilter
from timetables.api.serializers import (
    CourseItemOutput,
    CourseList,
    CourseOutput,
    StudyPlanDetailOutput,
    StudyPlanList,
    StudyPlanOutput,
    StudyPlanQuery,
)
from timetables.models import Course, StudyPlan
from timetables.queries.catalogue import with_schedules, with_semester_type, with_study_plans, with_teachers
from timetables.queries.plans import timetable_of


class CourseViewSet(ApiViewSet):
    tag = "timetables"
    path_example = {"code": "CS-101"}

    @Operation(PublicRead, parameters=[CourseFilter], responses=CourseList)
    def list(self, request: Request) -> Response:
        courses = with_semester_type(Course.objects.available()).in_order()
        return self.listing(filtered(CourseFilter, courses, request), CourseItemOutput)

    @Operation(PublicRead, responses=CourseOutput)
    def retrieve(self, request: Request, code: str) -> Response:
        courses = with_teachers(with_semester_type(Course.objects.available().filter(code=code)))
        course = with_study_plans(with_schedules(courses)).first()
        if course is None:
            raise NotFound("Course")
        return Response(CourseOutput(course).data)


class StudyPlanViewSet(ApiViewSet):
    tag = "timetables"

    @Operation(PublicRead, parameters=[StudyPlanQuery], responses=StudyPlanList)
    def list(self, request: Request) -> Response:
        plans = StudyPlan.objects.available().with_api_relations().in_order()
        if self.query(StudyPlanQuery)["current"]:
            plans = plans.not_ended(today=campus_date(clock.now()))
        return self.listing(plans, StudyPlanOutput)

    @Operation(PublicRead, responses=StudyPlanDetailOutput)
    def retrieve(self, request: Request, pk: int) -> Response:
        return Response(StudyPlanDetailOutput(timetable_of(pk)).data)
