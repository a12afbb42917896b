"""The environment, read with a sentence for whoever set something wrong."""

from pydantic import ValidationError

from canlian_chassis.settings import Settings
from canlian_operator.console import fail


def read_settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(
            f"CANLIAN_{str(item['loc'][0]).upper()}={item['input']}: {item['msg']}" for item in error.errors()
        )
        fail(f"环境变量的值不对：{wrong}", f"A setting in the environment is wrong: {wrong}")
