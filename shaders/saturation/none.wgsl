// No saturation: beta x; p = (beta).

fn saturation_none(x: f32, p: vec4f) -> Response {
    return Response(p.x * x, p.x, vec4f(x, 0.0, 0.0, 0.0));
}
