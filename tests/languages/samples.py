"""Each kind of notice, with what it is made of and what is read of it: (kind, params, English, Traditional Chinese)."""

from typing import Any

SLOT = {"classroom": "Room A", "group": "522", "date": "2026-02-01", "start_time": "10:00", "end_time": "12:00"}
WEEKLY = {"classroom": "Room A", "group": "522", "day_of_week": 4, "start_time": "09:10", "end_time": "10:20"}
EVENT = {
    "registration_end": "2026-01-30T03:00:00Z",
    "target_start_date": "2026-02-22",
    "target_end_date": "2026-06-12",
    "about": "event",
}
MARK = {"group": "522", "kind": "no_show", "points": 1}
GROUP = {"group": "522", "permissions": "admin"}
RANGE = "2026年2月22日（星期日）至 2026年6月12日（星期五）"
SKIPS = [{"why": "booked", "number": 1}, {"why": "closed", "number": 2}]
WON = WEEKLY | {"is_won": True, "date_count": 14, "skips": SKIPS}
LOST = WEEKLY | {"is_won": False}
REASONS = [
    ({"why": "lost_to", "lost_to_id": 12}, "lost to entry 12", "由編號 12 的志願抽中"),
    (
        {"why": "no_date"},
        "none of the event's dates falls on its day of the week",
        "抽籤的借用期間內沒有這個星期的日期",
    ),
    ({"why": "closed"}, "the room is closed on all of its dates", "教室在所有日期均停用"),
    ({"why": "REJECTED_BY_ADMIN"}, "refused by hand before the draw", "抽籤前已由管理人員退回"),
    ({"why": "UNAVAILABLE"}, "too many of its dates are taken", "過多日期已被借用"),
    ({"why": "OTHER_CHOICE_WON"}, "another of your alternatives won", "您的另一個替代志願已抽中"),
    ({"why": "MAX_WINS"}, "your group has won as often as a group may", "您的群組已達中籤次數上限"),
]
CLEARED = {"name": "Choir", "calendar": "aula", "start": "2026-02-01T02:00:00Z", "winner": "Exam"}
DAYS = [f"2026-02-{day:02}" for day in (4, 11)]

SAMPLES: list[tuple[str, dict[str, Any], str, str]] = [
    (
        "auth.refresh_reuse",
        {},
        "One of your sessions was used from two places and has been ended. If that was not you, change your password.",
        "您有一個登入階段在兩處被同時使用，已強制結束。如果不是您本人，請變更密碼。",
    ),
    ("letter.confirmation.subject", {}, "Confirm your e-mail address", "請確認您的電子郵件地址"),
    (
        "letter.confirmation",
        {"username": "ada"},
        'The account "ada" wants to be told by mail at this address. If it is yours, confirm that within three days:',
        "帳號「ada」希望以此地址接收通知郵件。若為您本人，請於三日內確認：",
    ),
    (
        "letter.confirmation.otherwise",
        {},
        "If it is not, do nothing: nothing else will be sent here.",
        "若非您本人，請不必理會，我們不會再寄送其他郵件至此地址。",
    ),
    ("letter.email_changed.subject", {}, "Your mail goes elsewhere now", "您的通知郵件已改寄他處"),
    (
        "letter.email_changed",
        {"username": "ada"},
        'Mail for the account "ada" is no longer sent to this address. If that was not you, change your password and'
        " tell the administration.",
        "帳號「ada」的通知郵件不再寄送至此地址。如果不是您本人變更，請變更密碼並通知管理人員。",
    ),
    (
        "page.confirmation",
        {"email": "ada@example.edu"},
        "Send your mail from CSpace to ada@example.edu?",
        "要將 CSpace 的通知郵件寄送至 ada@example.edu 嗎？",
    ),
    ("page.confirmation.button", {}, "Confirm the address", "確認此地址"),
    (
        "page.confirmation.done",
        {"email": "ada@example.edu"},
        "Your address is confirmed: ada@example.edu",
        "您的電子郵件地址已確認：ada@example.edu",
    ),
    ("page.sso.title", {}, "Log in", "登入"),
    (
        "page.sso.explanation",
        {},
        "A program or page has asked to book rooms in your name. Log in only if you have just begun that yourself.",
        "有程式或網頁要求以您的名義預約教室。只有在您剛才自行發起時才登入。",
    ),
    ("page.sso.username", {}, "Username or e-mail address", "使用者名稱或電子郵件地址"),
    ("page.sso.password", {}, "Password", "密碼"),
    ("page.sso.button", {}, "Log in", "登入"),
    ("page.sso.provider", {"name": "Campus ID"}, "Log in with Campus ID", "以 Campus ID 登入"),
    (
        "page.sso.unverified",
        {},
        "Your e-mail address has not been verified where you have logged in. Have that done, then log in once more.",
        "您登入之處尚未驗證您的電子郵件地址，請先完成驗證，再重新登入。",
    ),
    (
        "page.sso.unreachable",
        {},
        "Where you log in cannot be reached at present. Please try again in a moment.",
        "目前無法連線到登入服務，請稍候再試。",
    ),
    ("page.sso.wrong", {}, "Wrong username or password", "使用者名稱或密碼錯誤"),
    ("page.sso.too_often", {}, "Too many tries: please wait a moment", "嘗試次數過多，請稍候再試"),
    ("page.sso.done", {}, "You are logged in. This window may be closed.", "您已登入，可以關閉此視窗。"),
    (
        "page.sso.not_admitted",
        {},
        "Your account may not book rooms here. Ask whoever runs this house.",
        "您的帳號不能在此預約教室，請洽管理單位。",
    ),
    (
        "page.sso.no_login",
        {},
        "This is no address of a login. Begin it once more where you have come from.",
        "這不是登入用的網址，請回到原來的地方重新登入。",
    ),
    (
        "page.sso.nobody",
        {},
        "Nobody has said who you are. Begin the login once more where you have come from.",
        "無法確認您的身分，請回到原來的地方重新登入。",
    ),
    (
        "page.sso.over",
        {},
        "This login has been completed, or was begun too long ago. Begin it once more where you have come from.",
        "此登入已經完成，或開始得太久，請回到原來的地方重新登入。",
    ),
    ("page.unsubscribing", {}, "No more mail from CSpace?", "不再接收 CSpace 的郵件嗎？"),
    ("page.unsubscribing.button", {}, "Unsubscribe", "取消訂閱"),
    (
        "page.unsubscribing.done",
        {},
        "You will get no more mail. In your preferences you can switch it on again.",
        "您將不再收到郵件。您可以在偏好設定中重新開啟。",
    ),
    (
        "user.password_set",
        {},
        "Your password has been changed; all your sessions have ended.",
        "您的密碼已變更，所有登入階段均已結束。",
    ),
    (
        "calendar_event.cleared",
        CLEARED | {"about": "event"},
        'Your event "Choir" (aula, 2026-02-01 10:00) has been deleted: it overlaps "Exam".',
        "您的活動「Choir」（aula，2026年2月1日（星期日）10:00）已刪除：與「Exam」時段重疊。",
    ),
    (
        "calendar_event.cleared",
        CLEARED | {"about": "date"},
        'A date of your series "Choir" (aula, 2026-02-01 10:00) has been cancelled: it overlaps "Exam".',
        "您的系列活動「Choir」有一個日期（aula，2026年2月1日（星期日）10:00）已取消：與「Exam」時段重疊。",
    ),
    (
        "webhook.switched_off",
        {"host": "hooks.example.org", "tries": 7, "error": "HTTP 500"},
        "The webhook to hooks.example.org has been switched off: 7 tries have failed. The last one: HTTP 500",
        "傳送至 hooks.example.org 的 webhook 已停用：連續 7 次嘗試均失敗。最後一次的結果：HTTP 500",
    ),
    ("group.archived", GROUP, 'The group "522" has been archived.', "群組「522」已封存。"),
    (
        "user_group.added",
        GROUP | {"permissions": "member"},
        'You have been added to the group "522" as member.',
        "您已加入群組「522」，身分為成員。",
    ),
    ("user_group.changed", GROUP, 'You are now admin of the group "522".', "您在群組「522」的身分現為管理員。"),
    ("user_group.removed", GROUP, 'You have been removed from the group "522".', "您已被移出群組「522」。"),
    (
        "registration.created",
        SLOT,
        "522 asks for Room A, 2026-02-01 10:00–12:00.",
        "522 申請借用 Room A，2026年2月1日（星期日）10:00–12:00。",
    ),
    (
        "registration.changed",
        SLOT | {"about": "registration"},
        "Your room registration has been changed: Room A, 2026-02-01 10:00–12:00.",
        "您的教室借用已變更：Room A，2026年2月1日（星期日）10:00–12:00。",
    ),
    (
        "registration.changed",
        SLOT | {"about": "request"},
        "522 has changed its request: Room A, 2026-02-01 10:00–12:00.",
        "522 已變更借用申請：Room A，2026年2月1日（星期日）10:00–12:00。",
    ),
    (
        "registration.approved",
        SLOT,
        "Your room registration has been approved: Room A, 2026-02-01 10:00–12:00.",
        "您的教室借用申請已審核通過：Room A，2026年2月1日（星期日）10:00–12:00。",
    ),
    (
        "registration.rejected",
        SLOT | {"reason": "期末考週"},
        "Your room registration has been rejected: Room A, 2026-02-01 10:00–12:00. Reason: 期末考週",
        "您的教室借用申請未通過審核：Room A，2026年2月1日（星期日）10:00–12:00。原因：期末考週",
    ),
    (
        "registration.cancelled",
        SLOT | {"reason": "The group has been archived"},
        "Your room registration has been cancelled: Room A, 2026-02-01 10:00–12:00."
        " Reason: The group has been archived",
        "您的教室借用已取消：Room A，2026年2月1日（星期日）10:00–12:00。原因：群組已封存",
    ),
    (
        "registration.reminder",
        SLOT,
        "Reminder: Room A, 2026-02-01 10:00–12:00, booked by 522.",
        "提醒您：Room A，2026年2月1日（星期日）10:00–12:00，由 522 借用。",
    ),
    (
        "registration.waiting",
        SLOT | {"about": "registration"},
        "Your room registration still waits for a decision: Room A, 2026-02-01 10:00–12:00.",
        "您的教室借用申請仍在等待審核：Room A，2026年2月1日（星期日）10:00–12:00。",
    ),
    (
        "registration.waiting",
        SLOT | {"about": "request"},
        "522 still waits for a decision: Room A, 2026-02-01 10:00–12:00.",
        "522 的借用申請仍待審核：Room A，2026年2月1日（星期日）10:00–12:00。",
    ),
    (
        "series.created",
        WEEKLY | {"series_count": 1, "date_count": 1, "skipped_count": 0, "skip_reasons": []},
        "522 got Room A, Wednesdays 09:10–10:20: 1 date.",
        "522 已借得 Room A，每週三 09:10–10:20：共 1 次。",
    ),
    (
        "series.created",
        {"series_count": 2, "date_count": 5, "skipped_count": 4, "skip_reasons": ["booked", "closed"]},
        "2 series have got their rooms: 5 dates, 4 skipped (booked, closed).",
        "2 組固定借用均已安排教室：共 5 次，略過 4 次（已有借用、教室停用）。",
    ),
    (
        "series.changed",
        WEEKLY | {"from_date": "2026-01-20", "date_count": 3, "skipped_count": 2, "skip_reasons": ["dst", "outside"]},
        "The series of 522 has been changed from 2026-01-20: Room A, Wednesdays 09:10–10:20, 3 dates,"
        " 2 skipped (dst, outside).",
        "522 的固定借用自 2026年1月20日（星期二）起已變更：Room A，每週三 09:10–10:20，共 3 次，略過 2 次"
        "（時鐘調整、超出借用期間）。",
    ),
    (
        "series.cancelled",
        WEEKLY | {"from_date": "2026-02-17", "date_count": 2, "reason": "The room is closed"},
        "The series of 522 has been cancelled from 2026-02-17: Room A, Wednesdays 09:10–10:20, 2 dates."
        " Reason: The room is closed",
        "522 的固定借用自 2026年2月17日（星期二）起已取消：Room A，每週三 09:10–10:20，共 2 次。原因：教室停用",
    ),
    (
        "series.ending",
        WEEKLY | {"last_date": "2026-06-10"},
        "The series of 522 comes to its end: Room A, Wednesdays 09:10–10:20, for the last time on 2026-06-10.",
        "522 的固定借用即將結束：Room A，每週三 09:10–10:20，最後一次為 2026年6月10日（星期三）。",
    ),
    (
        "series.retried",
        WEEKLY | {"about": "series", "dates": DAYS},
        "522 also got Room A, Wednesdays 09:10–10:20, on 2026-02-04, 2026-02-11.",
        "522 另外借得 Room A，每週三 09:10–10:20，日期為 2026年2月4日（星期三）、2026年2月11日（星期三）。",
    ),
    (
        "series.retried",
        SLOT | {"about": "registration"},
        "522 also got Room A, 2026-02-01 10:00–12:00.",
        "522 另外借得 Room A，2026年2月1日（星期日）10:00–12:00。",
    ),
    (
        "closure.deleted",
        {"about": "registrations", "slots": [SLOT, SLOT | {"classroom": "Room B"}], "slot_count": 75},
        "The closure that cancelled your registrations has been lifted, and these times are free again:"
        " Room A, 2026-02-01 10:00–12:00, Room B, 2026-02-01 10:00–12:00 and 73 more.",
        "先前因教室停用，您的借用遭到取消；現在教室已恢復開放，下列時段可再次借用："
        "Room A，2026年2月1日（星期日）10:00–12:00、Room B，2026年2月1日（星期日）10:00–12:00，另有 73 項。",
    ),
    (
        "closure.deleted",
        WEEKLY | {"about": "series", "dates": DAYS},
        "A closure has been lifted: dates of the series of 522 (Room A, Wednesdays 09:10–10:20) are free again:"
        " 2026-02-04, 2026-02-11.",
        "教室已恢復開放，522 的固定借用（Room A，每週三 09:10–10:20）有下列日期可再次借用："
        "2026年2月4日（星期三）、2026年2月11日（星期三）。",
    ),
    *[
        (
            f"allocation_event.{verb}",
            EVENT | {"status": "open"},
            "An allocation event has opened: wishes for 2026-02-22 – 2026-06-12 can be filed until 2026-01-30 11:00.",
            f"教室抽籤開始登記：2026年1月30日（星期五）11:00 前可登記 {RANGE}的志願。",
        )
        for verb in ("created", "changed", "opened")
    ],
    (
        "allocation_event.closed",
        EVENT | {"status": "closed"},
        "The allocation event for 2026-02-22 – 2026-06-12 has closed: its entries are frozen until the draw.",
        f"{RANGE}的教室抽籤已截止登記，志願在抽籤前不得再變更。",
    ),
    (
        "allocation_event.cancelled",
        EVENT | {"status": "cancelled"},
        "The allocation event for 2026-02-22 – 2026-06-12 has been cancelled: nothing will be drawn.",
        f"{RANGE}的教室抽籤已取消，不再進行抽籤。",
    ),
    (
        "allocation_event.changed",
        EVENT | WEEKLY | {"about": "entry", "status": "open"},
        "The allocation event is for 2026-02-22 – 2026-06-12 now: the wish of 522 for Room A, Wednesdays 09:10–10:20"
        " has no date in it any more.",
        f"教室抽籤的借用期間已改為 {RANGE}：522 的志願 Room A，每週三 09:10–10:20 在此期間內已沒有任何日期。",
    ),
    (
        "allocation_event.promoted",
        {"event_id": 7, "outcomes": [WON, WON], "outcome_count": 3},
        "Draw of allocation event 7:"
        " 522 got Room A, Wednesdays 09:10–10:20, 14 dates, 1 skipped (booked), 2 skipped (closed)."
        " 522 got Room A, Wednesdays 09:10–10:20, 14 dates, 1 skipped (booked), 2 skipped (closed). and 1 more.",
        "教室抽籤（編號 7）結果："
        "522 抽中 Room A，每週三 09:10–10:20，共 14 次，略過 1 次（已有借用），略過 2 次（教室停用）。"
        "522 抽中 Room A，每週三 09:10–10:20，共 14 次，略過 1 次（已有借用），略過 2 次（教室停用）。另有 1 項。",
    ),
    *[
        (
            "allocation_event.distributed",
            {"event_id": 7, "outcomes": [LOST | why], "outcome_count": 1},
            f"Draw of allocation event 7: 522 did not get Room A, Wednesdays 09:10–10:20: {english}.",
            f"教室抽籤（編號 7）結果：522 未抽中 Room A，每週三 09:10–10:20：{chinese}。",
        )
        for why, english, chinese in REASONS
    ],
    (
        "allocation_registration.changed",
        WEEKLY,
        "Your draw entry has been changed: Room A, Wednesday 09:10–10:20.",
        "您的抽籤志願已變更：Room A，星期三 09:10–10:20。",
    ),
    (
        "allocation_registration.deleted",
        WEEKLY,
        "Your draw entry has been deleted: Room A, Wednesday 09:10–10:20.",
        "您的抽籤志願已刪除：Room A，星期三 09:10–10:20。",
    ),
    (
        "allocation_registration.approved",
        WEEKLY | {"is_override": False},
        "Your draw entry has been approved ahead of the draw: Room A, Wednesday 09:10–10:20.",
        "您的抽籤志願已於抽籤前核准：Room A，星期三 09:10–10:20。",
    ),
    (
        "allocation_registration.approved",
        WEEKLY | {"is_override": True, "date_count": 16, "skips": []},
        "Your draw entry has been approved by hand: Room A, Wednesday 09:10–10:20, 16 dates.",
        "您的抽籤志願已由管理人員核准：Room A，星期三 09:10–10:20，共 16 次。",
    ),
    (
        "allocation_registration.rejected",
        WEEKLY | {"is_drawn": False},
        "Your draw entry has been rejected and takes no part in the draw: Room A, Wednesday 09:10–10:20.",
        "您的抽籤志願未獲核准，不參加抽籤：Room A，星期三 09:10–10:20。",
    ),
    (
        "allocation_registration.rejected",
        WEEKLY | {"is_drawn": True, "cancelled_count": 1},
        "Your draw entry has been rejected after the draw: Room A, Wednesday 09:10–10:20. Cancelled: 1 date ahead.",
        "您的抽籤志願於抽籤後遭到撤銷：Room A，星期三 09:10–10:20。已取消之後的 1 次借用。",
    ),
    (
        "allocation_registration.withdrawn",
        WEEKLY | {"reason": "The group has been archived"},
        "Your draw entry has been withdrawn: Room A, Wednesday 09:10–10:20. Reason: The group has been archived",
        "您的抽籤志願已撤回：Room A，星期三 09:10–10:20。原因：群組已封存",
    ),
    (
        "allocation_registration.withdrawn",
        WEEKLY | {"cancelled_count": 16, "is_drawn": True},
        "Your draw entry has been withdrawn: Room A, Wednesday 09:10–10:20. Cancelled: 16 dates ahead.",
        "您的抽籤志願已撤回：Room A，星期三 09:10–10:20。已取消之後的 16 次借用。",
    ),
    (
        "mail.daily",
        {"count": 1, "day": "2026-02-01"},
        "1 notification up to 2026-02-01",
        "截至 2026年2月1日（星期日）的 1 則通知",
    ),
    (
        "mail.daily",
        {"count": 3, "day": "2026-02-01"},
        "3 notifications up to 2026-02-01",
        "截至 2026年2月1日（星期日）的 3 則通知",
    ),
    (
        "mail.calendar",
        SLOT | {"method": "REQUEST"},
        "For your calendar: Room A, 2026-02-01 10:00–12:00",
        "行事曆更新：Room A，2026年2月1日（星期日）10:00–12:00",
    ),
    (
        "mail.calendar",
        SLOT | {"method": "CANCEL"},
        "No longer in your calendar: Room A, 2026-02-01 10:00–12:00",
        "行事曆移除：Room A，2026年2月1日（星期日）10:00–12:00",
    ),
    ("mail.slot", SLOT, "Room A, 2026-02-01 10:00–12:00", "Room A，2026年2月1日（星期日）10:00–12:00"),
    ("mail.more", {"rest": 3}, "And 3 more.", "另有 3 則。"),
    (
        "mail.zone",
        {"zone": "Asia/Taipei"},
        "Times are those of the campus (Asia/Taipei).",
        "時間均為校園時間（Asia/Taipei）。",
    ),
    ("mail.open", {}, "Open CSpace", "開啟 CSpace"),
    ("mail.unsubscribe", {}, "No more mail from CSpace", "不再接收 CSpace 的郵件"),
    (
        "mark.given",
        MARK | {"note": "The room stood empty"},
        "522 has got a mark for not turning up: 1 point. Note: The room stood empty",
        "522 因未到場被記 1 點。備註：The room stood empty",
    ),
    (
        "mark.given",
        MARK | {"points": 2, "kind": "late_cancel", "note": ""},
        "522 has got a mark for cancelling late: 2 points.",
        "522 因過晚取消被記 2 點。",
    ),
    (
        "mark.given",
        MARK | {"group": None, "kind": "misuse", "note": ""},
        "You have got a mark for misuse of a room: 1 point.",
        "您因不當使用教室被記 1 點。",
    ),
    (
        "mark.withdrawn",
        MARK | {"points": 3, "reason": "They were ill"},
        "The mark of 522 for not turning up has been withdrawn (3 points). Reason: They were ill",
        "522 因未到場的記點已撤銷（3 點）。原因：They were ill",
    ),
    (
        "mark.withdrawn",
        MARK | {"group": None, "reason": "A mistake"},
        "Your mark for not turning up has been withdrawn (1 point). Reason: A mistake",
        "您因未到場的記點已撤銷（1 點）。原因：A mistake",
    ),
]
