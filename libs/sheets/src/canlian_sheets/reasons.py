"""The words for every reason and every mend, Chinese and English: what is wrong, and what to do.

Words in braces are facts of the refusal.
"""

from collections.abc import Mapping

REASONS: dict[str, tuple[str, str]] = {
    "no_name": ("没有姓名。请补填姓名。", "There is no name. Fill it in."),
    "no_community": ("没有填社区。请补填社区名称。", "There is no community. Fill in its name."),
    "unknown_community": (
        "没有名为“{value}”的社区。请改用本街道的社区名称，或先新增该社区。",
        "There is no community “{value}”. Use a name from this subdistrict, or open the community first.",
    ),
    "no_cert": ("没有残疾人证号。请补填20位证号。", "There is no certificate number. Fill in its 20 characters."),
    "lost_digits": (
        "号码被存成了数字，末尾几位已丢失。请把该列设为“文本”格式后重新输入号码。",
        "The number was kept as a numeric value and lost its last digits. "
        "Set the column to text and type the number again.",
    ),
    "short_cert": (
        "残疾人证号只有{length}位，应为20位。请对照证件补全。",
        "The certificate number has {length} characters instead of 20. Complete it from the certificate.",
    ),
    "long_cert": (
        "残疾人证号有{length}位，应为20位（换发的证件末尾可加B1、B2）。请对照证件改正。",
        "The certificate number has {length} characters instead of 20 (a replaced one ends in B1, B2). "
        "Correct it from the certificate.",
    ),
    "bad_characters": (
        "残疾人证号里有不该出现的字符。请对照证件改正。",
        "The certificate number holds characters that cannot be in one. Correct it from the certificate.",
    ),
    "bad_check": (
        "残疾人证号的校验码不符，至少有一位输错。请对照证件改正。",
        "The certificate number's check character does not fit: a digit is wrong. Correct it from the certificate.",
    ),
    "bad_birth": (
        "出生日期“{found}”不可能存在。请对照证件改正证号或出生日期。",
        "The birth date “{found}” cannot be. Correct the certificate number or the birth date.",
    ),
    "bad_class": (
        "残疾类别“{found}”不存在。请填视力、听力、言语、肢体、智力、精神或多重。",
        "There is no disability class “{found}”. Use 视力 (visual), 听力 (hearing), 言语 (speech), 肢体 (physical), "
        "智力 (intellectual), 精神 (psychiatric) or 多重 (multiple).",
    ),
    "bad_grade": (
        "残疾等级“{found}”不存在。请填一级、二级、三级或四级。",
        "There is no grade “{found}”. Use 一级, 二级, 三级 or 四级 (1 to 4).",
    ),
    "bad_suffix": (
        "残疾人证号末尾的“{found}”不对。换发的证件末尾是B1、B2等。请对照证件改正。",
        "The certificate number's ending “{found}” is wrong; a replaced one ends in B1, B2, …. "
        "Correct it from the certificate.",
    ),
    "bad_id": (
        "身份证号有误。请对照身份证改正，或把该格留空，由残疾人证号推出。",
        "The citizen ID number is wrong. Correct it, or leave the cell blank: the certificate number holds it.",
    ),
    "id_conflict": (
        "身份证号与残疾人证号的前18位不同。请核对后改正。",
        "The citizen ID differs from the certificate number's first 18 characters. Check both and correct one.",
    ),
    "bad_sex": ("性别“{found}”看不懂。请填男或女。", "The sex “{found}” cannot be read. Use 男 (male) or 女 (female)."),
    "sex_conflict": (
        "性别“{column}”与证号不符（证号为{certificate}）。请核对后改正。",
        "The sex “{column}” differs from the certificate number ({certificate}). Check both and correct one.",
    ),
    "class_conflict": (
        "残疾类别“{column}”与证号不符（证号为{certificate}）。请核对后改正。",
        "The class “{column}” differs from the certificate number ({certificate}). Check both and correct one.",
    ),
    "grade_conflict": (
        "残疾等级“{column}”与证号不符（证号为{certificate}级）。请核对后改正。",
        "The grade “{column}” differs from the certificate number (grade {certificate}). Check both and correct one.",
    ),
    "born_conflict": (
        "出生日期“{column}”与证号不符（证号为{certificate}）。请核对后改正。",
        "The birth date “{column}” differs from the certificate number ({certificate}). Check both and correct one.",
    ),
    "repeat_conflict": (
        "与第{row}行是同一个人，但内容不同（{fields}）。请核对后只保留一行。",
        "The same person as in row {row}, but with other details ({fields}). Check both and keep one row.",
    ),
    "repeat_service": (
        "与第{row}行是同一机构的同名服务，但内容不同。请核对后只保留一行，或改服务名称。",
        "The same provider's service of the same name as in row {row}, with other details. "
        "Keep one row, or rename one.",
    ),
    "too_long": (
        "“{value}…”太长（上限{limit}字）。请核对是否填错了列，或缩短。",
        "“{value}…” is longer than {limit} characters. Check that it stands in the right column, or shorten it.",
    ),
    "bad_code": (
        "社区代码“{value}”不对，应为12位统计用区划代码，末3位不为000。请改正。",
        "The community code “{value}” is wrong: 12 digits, the last three not 000. Correct it.",
    ),
    "code_conflict": (
        "代码与第{row}行相同，但内容不同。请核对后改正。",
        "The same code as in row {row}, with other details. Check both and correct one.",
    ),
    "name_conflict": (
        "社区名称与第{row}行相同，但代码不同。请核对后改正。",
        "The same community name as in row {row}, with another code. Check both and correct one.",
    ),
    "no_provider": ("没有机构名称。请补填。", "There is no provider. Fill in its name."),
    "no_provider_number": ("没有机构编号。请补填。", "There is no provider number. Fill it in."),
    "provider_conflict": (
        "机构编号与第{row}行相同，但{fields}不同。请核对后改正。",
        "The same provider number as in row {row}, but with another {fields}. Check both and correct one.",
    ),
    "bad_kind": (
        "机构类型“{found}”不在表中。可用：{allowed}。",
        "There is no provider kind “{found}”. Use: {allowed}.",
    ),
    "bad_yes_no": (
        "“{column}”一栏的“{found}”看不懂。请填是或否。",
        "“{found}” under “{column}” is neither 是 (yes) nor 否 (no).",
    ),
    "no_service": ("没有服务名称。请补填。", "There is no service name. Fill it in."),
    "bad_domain": (
        "服务领域“{found}”不在表中。可用：{allowed}。",
        "There is no service domain “{found}”. Use: {allowed}.",
    ),
    "bad_layer": (
        "照料层次“{found}”不在表中。请填家庭、社区或机构。",
        "There is no layer “{found}”. Use 家庭 (family), 社区 (community) or 机构 (institution).",
    ),
    "bad_age": (
        "年龄“{found}”不对。请填0到150的整数，下限不大于上限。",
        "The age “{found}” is wrong. Use whole numbers from 0 to 150, the lower one first.",
    ),
    "bad_places": (
        "每周名额“{found}”不对。请填0到100000的整数。",
        "The weekly places “{found}” are wrong. Use a whole number from 0 to 100000.",
    ),
    "bad_fee": (
        "收费“{found}”不对。请填每次多少元，最多两位小数；不收费填0。",
        "The fee “{found}” is wrong. Use yuan a session with at most two decimals; 0 when it is free.",
    ),
}

FILE_REASONS: dict[str, tuple[str, str]] = {
    "empty_file": ("文件是空的。请换一个文件。", "The file is empty. Choose another."),
    "too_big": (
        "文件太大（上限{limit}MB）。请分成几个文件导入。",
        "The file is too big (limit {limit} MB). Split it into several.",
    ),
    "unpacks_too_big": (
        "文件解压后过大，可能不是正常的表格。请另存为新的.xlsx后再试。",
        "The file unpacks to far more than a sheet holds. Save it as a new .xlsx and try again.",
    ),
    "too_many_rows": (
        "行数超过{limit}。请分成几个文件导入。",
        "There are more than {limit} rows. Split the sheet into several files.",
    ),
    "too_wide": (
        "列数超过{limit}。请删去表格右侧多余的列。",
        "There are more than {limit} columns. Delete those to the right of the table.",
    ),
    "not_a_sheet": (
        "这不是可读的表格（{kind}）。请用.xlsx、.xls或.csv文件。",
        "This is not a sheet that can be read ({kind}). Use an .xlsx, .xls or .csv file.",
    ),
    "macros": (
        "文件里有宏，不能导入。请另存为不带宏的.xlsx。",
        "The file holds macros and is not taken. Save it as an .xlsx without macros.",
    ),
    "too_slow": (
        "这个文件读了太久，已停止。请把表格另存为新的.xlsx，或分成几个文件再试。",
        "Reading this file took too long and was stopped. Save the sheet as a new .xlsx, or split it, and try again.",
    ),
    "locked": ("文件有密码。请去掉密码后再导入。", "The file has a password. Remove it and try again."),
    "broken": (
        "文件已损坏。请在表格软件中打开并另存为.xlsx后再试。",
        "The file is damaged. Open it in a spreadsheet program and save it as .xlsx.",
    ),
    "no_table": (
        "没有找到表头。表头应有这些列：{wanted}。",
        "No header row was found. It should name these columns: {wanted}.",
    ),
    "missing_columns": (
        "缺少这些列：{missing}。请补上，或手动指定对应的列。",
        "These columns are missing: {missing}. Add them, or say which columns hold them.",
    ),
    "no_rows": ("表头下面没有内容。请核对文件。", "There is nothing under the header row. Check the file."),
}

MENDS: dict[str, tuple[str, str]] = {
    "width": ("全角字符改为半角", "full-width characters made ordinary"),
    "spaces": ("去掉多余的空格或符号", "spaces and marks taken out"),
    "apostrophe": ("去掉前面的撇号", "leading apostrophe taken out"),
    "case": ("小写改为大写", "lower case made upper"),
    "number": ("数字改为文本", "a numeric value made text"),
    "date": ("日期写法已统一", "another way of writing a date"),
    "wording": ("写法已统一", "another way of writing the same word"),
    "old_id": ("15位旧身份证号升为18位", "the old 15-digit ID made 18"),
    "derived": ("由残疾人证号推出", "taken from the certificate number"),
    "left_out": ("看不懂，已留空", "could not be read and was left blank"),
    "first_of_several": ("多个号码只取第一个", "the first of several"),
    "kept_as_text": ("不在表中，按文字保留", "not in the table, kept as text"),
}


def reason_words(reason: str, facts: Mapping[str, str | int]) -> tuple[str, str]:
    """The wording of a row's or a file's refusal, Chinese and English."""
    chinese, english = REASONS.get(reason) or FILE_REASONS[reason]
    known = _Facts(facts)
    return chinese.format_map(known), english.format_map(known)


def mend_words(mended: str) -> tuple[str, str]:
    """The wording of one entry of `Accepted.mended` (without its column)."""
    return MENDS[mended.rpartition(".")[2]]


class _Facts(dict[str, str | int]):
    def __missing__(self, key: str) -> str:
        return "?"
