from canlian_operator.main import app

app(prog_name="canlian")
