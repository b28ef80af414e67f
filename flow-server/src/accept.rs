//! Headers that list what is wanted: `Accept`, `Accept-Encoding`.

/// Whether something is listed by its name, and not with a weight of zero, which says that it is not wanted.
pub(crate) fn wants(list: &str, name: &str) -> bool {
    list.split(',').any(|part| {
        let mut parts = part.split(';');
        parts.next().is_some_and(|listed| listed.trim().eq_ignore_ascii_case(name)) && !parts.any(is_zero)
    })
}

fn is_zero(parameter: &str) -> bool {
    let Some((name, weight)) = parameter.split_once('=') else { return false };
    name.trim().eq_ignore_ascii_case("q") && weight.trim().parse::<f32>().is_ok_and(|weight| weight <= 0.0)
}

#[cfg(test)]
mod tests {
    use super::wants;

    #[test]
    fn a_weight_of_zero_is_none() {
        for list in ["gzip", "br, gzip", "GZIP;q=0.001", "deflate;q=0,gzip ; q=1.0", "gzip;x=0"] {
            assert!(wants(list, "gzip"), "{list}");
        }
        for list in ["", "br", "gzip;q=0", "gzip; Q=0.000", "x-gzip", "gzip2"] {
            assert!(!wants(list, "gzip"), "{list}");
        }
    }
}
